package textmatrix

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/counts/countstest"
)

// write makes a file, gzip where the name says so.
func write(t testing.TB, name, text string) string {
	t.Helper()
	raw := []byte(text)
	if strings.HasSuffix(name, ".gz") {
		raw = compressed(t, raw)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func compressed(t testing.TB, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shown reads a table whole and writes it as text: cell gene=count, one line a cell.
func shown(path string, opt Options) (text string, notes []string, err error) {
	r, err := Open(path, opt)
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	table, err := countstest.ReadAll(r)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	for i, name := range table.Obs.Names {
		b.WriteString(name)
		genes, values := table.Row(i)
		for k, g := range genes {
			fmt.Fprintf(&b, " %s=%g", r.Genes().Names[g], values[k])
		}
		b.WriteString("\n")
	}
	return b.String(), r.Notes(), nil
}

// readSound reads to the end and holds every table to its promises.
func readSound(t *testing.T, path string, opt Options) error {
	r, err := Open(path, opt)
	if err != nil {
		return err
	}
	defer r.Close()
	names, err := r.CellNames(t.Context())
	if err != nil {
		return err
	}
	for cells := 0; ; {
		table, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			if int64(cells) != r.Cells() {
				t.Fatalf("%d cells came, %d were promised", cells, r.Cells())
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := table.Validate(r.Genes().Len()); err != nil || table.Cells() == 0 {
			t.Fatalf("a table of %d cells: %v", table.Cells(), err)
		}
		for i, name := range table.Obs.Names {
			if names[cells+i] != name {
				t.Fatalf("cell %d is %q, and by CellNames %q", cells+i, name, names[cells+i])
			}
		}
		cells += table.Cells()
	}
}
