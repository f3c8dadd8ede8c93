package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"pgregory.net/rapid"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// everything reads all that a store has.
func everything(dir string) (*countstest.FullTable, error) {
	s, err := Open(dir)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if _, err := s.Obs(); err != nil {
		return nil, err
	}
	var rows Rows
	for i := range s.Batches() {
		if err := s.Read(i, &rows); err != nil {
			return nil, err
		}
	}
	t, err := countstest.ReadAll(s.Reader())
	return &countstest.FullTable{Genes: s.Genes(), Table: t}, err
}

func TestTruncation(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, sample(1100, 5, 100), Uint8, 1100)
	for _, name := range []string{CellsFile, GenesFile} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(whole); n += 64 {
			if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := everything(dir)
			var input *counts.InputError
			if !errors.As(err, &input) || !strings.Contains(err.Error(), "truncated") || input.File != path {
				t.Fatalf("%s cut at %d of %d bytes: %v", name, n, len(whole), err)
			}
		}
		if err := os.WriteFile(path, whole, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := everything(dir); err != nil {
		t.Fatalf("the whole store again: %v", err)
	}
}

// TestDamage changes single bytes: the store is refused, or gives what was written.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	want := sample(30, 5, 100)
	write(t, dir, want, Uint8, 30)
	refused, n := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(dir, rapid.SampledFrom([]string{CellsFile, GenesFile}).Draw(rt, "file"))
		whole, err := os.ReadFile(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer os.WriteFile(path, whole, 0o666)
		bad := bytes.Clone(whole)
		for range rapid.IntRange(1, 3).Draw(rt, "changes") {
			bad[rapid.IntRange(0, len(bad)-1).Draw(rt, "at")] ^= rapid.ByteRange(1, 255).Draw(rt, "flip")
		}
		if err := os.WriteFile(path, bad, 0o666); err != nil {
			rt.Fatal(err)
		}
		n++
		got, err := everything(dir)
		var input *counts.InputError
		if errors.As(err, &input) {
			refused++
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		if d := countstest.DiffFrames(got.Genes, want.Genes) + countstest.DiffTables(got.Table, want.Table, 5); d != "" {
			rt.Fatal(d)
		}
	})
	t.Logf("%d of %d refused", refused, n)
}

// replace rewrites a file of the store in dir.
func replace(t *testing.T, dir, file string, change func([]byte) []byte) {
	t.Helper()
	path := filepath.Join(dir, file)
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(content), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	newer := func(b []byte) []byte { // the version stands 12 bytes into the trailer's tail, counted from its magic
		at := bytes.LastIndex(b, []byte(trailerMagic)) - 12
		b[at] = 9
		return b
	}
	text := func([]byte) []byte { return []byte("cell,gene\na,b\n") }
	nothing := func([]byte) []byte { return nil }
	cases := map[string]func(dir string){
		"version 9, this cellvi reads up to 1": func(dir string) { replace(t, dir, CellsFile, newer) },
		"the store has version 9":              func(dir string) { replace(t, dir, GenesFile, newer) },
		"not an Arrow file":                    func(dir string) { replace(t, dir, CellsFile, text) },
		"ends after 0 bytes":                   func(dir string) { replace(t, dir, CellsFile, nothing) },
		"not part of a cells store":            func(dir string) { foreign(t, filepath.Join(dir, CellsFile)) },
		"4 genes and 1 batches": func(dir string) {
			other := t.TempDir()
			write(t, other, sample(3, 7, 10), Uint8, 3)
			genes, err := os.ReadFile(filepath.Join(other, GenesFile))
			if err != nil {
				t.Fatal(err)
			}
			replace(t, dir, GenesFile, func([]byte) []byte { return genes })
		},
	}
	for want, spoil := range cases {
		dir := t.TempDir()
		write(t, dir, sample(3, 4, 10), Uint8, 3)
		spoil(dir)
		_, err := Open(dir)
		var input *counts.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
}

// foreign writes a valid Arrow file that is no store.
func foreign(t *testing.T, path string) {
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int64}}, nil)
	w, err := ipc.NewFileWriter(file, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
}
