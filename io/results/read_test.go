package results

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
)

func TestReadRefuses(t *testing.T) {
	_, cols := wide(20, 3)
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := Write(path, "cell_id", nil, cols...); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(content []byte, want string) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		var input *counts.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), want) || input.File != path {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	refuse([]byte("cell_id,split\n"), "not a Parquet file")
	refuse(nil, "not a Parquet file")
	for n := 4; n < len(whole); n += 64 {
		refuse(whole[:n], "truncated")
	}
	refuse(append([]byte("PAR1garbage!\xff\xff\xff\x7f"), "PAR1"...), "damaged")
	if _, err := Read(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestReadDamaged changes bytes: a table or an *InputError, never a panic.
func TestReadDamaged(t *testing.T) {
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
		bad := bytes.Clone(whole)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		if err := os.WriteFile(path, bad, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		var input *counts.InputError
		if err != nil && !errors.As(err, &input) {
			t.Fatal(err)
		}
	})
}
