package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
)

// TestReaderGivesTheColumnsAskedFor: row groups laid end to end are the whole
// column, and no other column is among them.
func TestReaderGivesTheColumnsAskedFor(t *testing.T) {
	s, cols := wide(1000, 5)
	s.Metadata = map[string]string{"k": "v"}
	path := filepath.Join(t.TempDir(), "x.parquet")
	writeGroups(t, path, s, cols)
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Rows() != 1000 || r.RowGroups() != 4 || r.GroupRows(3) != 100 || r.Index != "cell_id" || r.Metadata["k"] != "v" {
		t.Fatalf("%d rows in %d groups, the last of %d, index %q, metadata %v", r.Rows(), r.RowGroups(), r.GroupRows(3), r.Index, r.Metadata)
	}
	if names := r.Columns(); len(names) != 6 || names[2] != cols[2].Name {
		t.Fatalf("columns %v", names)
	}
	var ids []string
	var values []float32
	for g := range r.RowGroups() {
		// asked for in another order than the file's, and one that is not there
		got, err := r.Read(g, cols[3].Name, "none", "cell_id")
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Columns) != 2 || got.Column("none") != nil || got.Rows() != int(r.GroupRows(g)) {
			t.Fatalf("group %d: %d columns, %d rows", g, len(got.Columns), got.Rows())
		}
		ids = append(ids, got.Column("cell_id").String...)
		values = append(values, got.Column(cols[3].Name).Float32...)
	}
	if !slices.Equal(ids, cols[0].String) || !slices.Equal(values, cols[3].Float32) {
		t.Error("the row groups laid end to end are not what was written")
	}
	if all, err := r.Read(1); err != nil || len(all.Columns) != len(cols) {
		t.Errorf("no names are all columns: got %d of %d (%v)", len(all.Columns), len(cols), err)
	}
}

// TestReaderDamaged changes bytes: tables or an *InputError that names the file,
// never a panic.
func TestReaderDamaged(t *testing.T) {
	_, cols := wide(20, 3)
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := Write(path, "cell_id", nil, cols...); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := slices.Clone(whole)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		if err := os.WriteFile(path, bad, 0o666); err != nil {
			t.Fatal(err)
		}
		r, err := Open(path)
		if err == nil {
			defer r.Close()
			for g := 0; g < r.RowGroups() && err == nil; g++ {
				_, err = r.Read(g, "cell_id", cols[1].Name)
			}
		}
		var input *counts.InputError
		if err != nil && (!errors.As(err, &input) || input.File != path) {
			t.Fatal(err)
		}
	})
}

// TestGuard: what the disk fails at is no fault of the file.
func TestGuard(t *testing.T) {
	r := &Reader{path: "x.parquet"}
	failed := &fs.PathError{Op: "read", Path: "x.parquet", Err: syscall.EIO}
	var input *counts.InputError
	if err := r.guard(func() error { return fmt.Errorf("parquet: %w", failed) }); !errors.Is(err, syscall.EIO) || errors.As(err, &input) {
		t.Errorf("an input/output error: %v", err)
	}
	for name, do := range map[string]func() error{
		"an error": func() error { return errors.New("no magic bytes") },
		"a panic":  func() error { panic("index out of range") },
		"a place that cannot be": func() error {
			return &fs.PathError{Op: "readat", Path: "x.parquet", Err: errors.New("negative offset")}
		},
	} {
		if err := r.guard(do); !errors.As(err, &input) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
