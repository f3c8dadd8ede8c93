package h5ad

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/counts"
)

// shared finds a file that other tools made, or skips.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("CELLVI_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not here: set CELLVI_SHARED to the folder of shared fixtures", path)
	}
	return path
}

// facts is what expect.py records of one matrix.
type facts struct {
	Cells, Genes, Nnz, Total int64
	Fingerprint, Refuse      string
}

// factsOf reads a matrix whole, in tables of any size, and sums it up.
func factsOf(path string, opt Options) (facts, error) {
	r, err := Open(path, opt)
	if err != nil {
		return facts{}, err
	}
	defer r.Close()
	f, hash, total, sound := facts{Genes: int64(r.Genes().Len())}, sha256.New(), 0.0, true
	err = eachTable(r, func(t *counts.Table) {
		for i := range t.Cells() {
			var line strings.Builder
			line.WriteString(t.Obs.Names[i] + "\t")
			genes, values := t.Row(i)
			for j, g := range genes {
				v := values[j]
				sound = sound && v >= 0 && v == math.Trunc(v) && !math.IsInf(v, 0)
				total += v
				fmt.Fprintf(&line, "%s=%d;", r.Genes().Names[g], int64(v))
			}
			f.Nnz += int64(len(genes))
			io.WriteString(hash, line.String()+"\n")
		}
		f.Cells += int64(t.Cells())
	})
	if err != nil {
		return facts{}, err
	}
	if f.Cells != r.Cells() {
		return facts{}, fmt.Errorf("%d cells came, %d were promised", f.Cells, r.Cells())
	}
	if !sound {
		return facts{Cells: f.Cells, Genes: f.Genes, Refuse: "not counts"}, nil
	}
	f.Total, f.Fingerprint = int64(total), hex.EncodeToString(hash.Sum(nil))
	return f, nil
}

// eachTable reads to the end and checks what every Table promises.
func eachTable(r counts.Reader, use func(*counts.Table)) error {
	for {
		t, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := sound(t, r.Genes().Len(), r.Obs()); err != nil {
			return fmt.Errorf("unsound table: %w", err)
		}
		use(t)
	}
}

func sound(t *counts.Table, genes int, obs *counts.Frame) error {
	n := t.Cells()
	if n == 0 || len(t.Indptr) != n+1 || t.Indptr[0] != 0 || int(t.Indptr[n]) != len(t.Genes) || len(t.Values) != len(t.Genes) {
		return fmt.Errorf("%d cells, indptr %v", n, t.Indptr)
	}
	for i := range n {
		row, values := t.Row(i)
		for j := range row {
			if j > 0 && row[j] <= row[j-1] || int(row[j]) >= genes || values[j] == 0 {
				return fmt.Errorf("cell %d: genes %v values %v", i, row, values)
			}
		}
	}
	if len(t.Obs.Columns) != len(obs.Columns) {
		return fmt.Errorf("%d columns, %d promised", len(t.Obs.Columns), len(obs.Columns))
	}
	for i, c := range t.Obs.Columns {
		if rows := len(c.Codes) + len(c.Strings) + len(c.Ints) + len(c.Floats) + len(c.Bools); rows != n || c.Name != obs.Columns[i].Name || c.Kind != obs.Columns[i].Kind {
			return fmt.Errorf("column %s has %d rows, %d cells", c.Name, rows, n)
		}
		if c.Missing != nil && len(c.Missing) != n {
			return fmt.Errorf("column %s: %d missing marks", c.Name, len(c.Missing))
		}
	}
	return nil
}
