package stages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/results"
	"cellvi/pipeline"
)

const runRecord = `{"stages": [
 {"name": "ingest", "version": "1.2.3", "args": {"layer": "X"}, "seconds": 2.5, "peak_memory": 1000000,
  "inputs": [{"path": "in.h5ad", "size": 12, "sha256": "abcdefabcdefabcdef"}],
  "counts": {"cells_without_counts": 4}, "warnings": ["4 cells have no counts"]},
 {"name": "report", "version": "0.0.9", "counts": {"cells_drawn": 77}}
]}`

// writeRun writes what the report reads, of 40 cells and 6 epochs.
func writeRun(t *testing.T) Layout {
	t.Helper()
	l := Layout{t.TempDir()}
	if err := os.Mkdir(l.Prepared(), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.RunRecord(), []byte(runRecord), 0o666); err != nil {
		t.Fatal(err)
	}
	writeCells(t, l, 40, 3)
	writeHistory(t, l)
	write(t, filepath.Join(l.Prepared(), "genes.parquet"), "gene_id", nil,
		results.Column{Name: "gene_id", String: []string{"a", "b", "c"}}, results.Column{Name: "selected", Bool: []bool{true, false, true}})
	return l
}

func writeCells(t *testing.T, l Layout, cells int, levels int32) {
	t.Helper()
	names := map[string]any{"batch_key": "donor", "batch_levels": []string{"d1", "d2", "d3"}, "labels_key": "", "label_levels": []string{"0"}}
	meta, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	id, split := make([]string, cells), make([]string, cells)
	batch, label := make([]int32, cells), make([]int32, cells)
	z := [2][]float32{make([]float32, cells), make([]float32, cells)}
	for i := range cells {
		id[i], batch[i], split[i] = fmt.Sprintf("cell %d", i), int32(i)%levels, "train"
		if i%8 == 0 {
			split[i] = "validation"
		}
		z[0][i], z[1][i] = float32(math.Sin(float64(i))), float32(math.Cos(float64(i*i)))
	}
	write(t, filepath.Join(l.Prepared(), "cells.parquet"), "cell_id", map[string]string{"cellvi": string(meta)},
		results.Column{Name: "cell_id", String: id}, results.Column{Name: "batch", Int32: batch},
		results.Column{Name: "label", Int32: label}, results.Column{Name: "split", String: split})
	write(t, l.Latent(), "cell_id", nil, results.Column{Name: "cell_id", String: id},
		results.Column{Name: "latent_0", Float32: z[0]}, results.Column{Name: "latent_1", Float32: z[1]})
}

func writeHistory(t *testing.T, l Layout) {
	t.Helper()
	write(t, l.History(), "", nil,
		results.Column{Name: "elbo_train", Float64: []float64{90, 80, 75, 73, 72, 71}},
		results.Column{Name: "elbo_validation", Float32: []float32{92, 85, 80, 78, 77, 76.5}},
		results.Column{Name: "kl_weight", Float64: []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5}})
}

func write(t *testing.T, path, index string, meta map[string]string, columns ...results.Column) {
	t.Helper()
	if err := results.Write(path, index, meta, columns...); err != nil {
		t.Fatal(err)
	}
}

func runReport(l Layout) error {
	s := &Report{Layout: l, Options: ReportOptions{Title: "a title"}}
	return s.Run(context.Background(), pipeline.NewJob(zerolog.Nop(), nil, 1, 0))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestReportShowsTheRun(t *testing.T) {
	l := writeRun(t)
	if err := runReport(l); err != nil {
		t.Fatal(err)
	}
	html := string(readFile(t, l.Report()))
	for _, want := range []string{
		"a title", "cellvi 1.2.3", "cells, 5 held out", "genes in the model, of 3", "levels of donor", "Coloured by donor",
		"in.h5ad", "cells without counts: 4", "have no counts at all, and are kept", "4 cells have no counts", "How the batches of donor mix",
		"Measured on all cells", "What to do next", "the validation ELBO still fell", "at 0.5:",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if strings.Contains(html, "77") && strings.Contains(html, "cells drawn") {
		t.Error("the page shows an earlier report's counts")
	}
	for _, path := range []string{l.MultiQC(), l.MultiQCTable()} {
		if text := readFile(t, path); !json.Valid(text) || !strings.Contains(string(text), "a title") {
			t.Errorf("%s is not JSON, or does not name the run", path)
		}
	}
}

func TestReportIsTheSameEveryTime(t *testing.T) {
	l := writeRun(t)
	var pages, briefs [2][]byte
	for i := range pages {
		if err := runReport(l); err != nil {
			t.Fatal(err)
		}
		pages[i], briefs[i] = readFile(t, l.Report()), readFile(t, l.MultiQC())
	}
	if !bytes.Equal(pages[0], pages[1]) || !bytes.Equal(briefs[0], briefs[1]) {
		t.Error("a second report of the same files differs")
	}
}

func TestReportNeedsNoRecord(t *testing.T) {
	l := writeRun(t)
	if err := os.Remove(l.RunRecord()); err != nil {
		t.Fatal(err)
	}
	if err := runReport(l); err != nil {
		t.Error(err)
	}
}

func TestReportRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, l Layout)
		code  int
		says  string
	}{
		"another run's latent": {func(t *testing.T, l Layout) {
			write(t, l.Latent(), "cell_id", nil, results.Column{Name: "cell_id", String: []string{"x"}}, results.Column{Name: "latent_0", Float32: []float32{1}})
		}, pipeline.ExitBadInput, "cellvi embed"},
		"codes beyond the levels": {func(t *testing.T, l Layout) { writeCells(t, l, 40, 5) }, pipeline.ExitBadInput, "the column batch"},
		"no losses": {func(t *testing.T, l Layout) {
			write(t, l.History(), "", nil, results.Column{Name: "epoch", Int64: []int64{0}})
		}, pipeline.ExitBadInput, "elbo_train"},
		"no history": {func(t *testing.T, l Layout) {
			if err := os.Remove(l.History()); err != nil {
				t.Fatal(err)
			}
		}, pipeline.ExitNoInput, "history.parquet"},
	} {
		t.Run(name, func(t *testing.T) {
			l := writeRun(t)
			c.spoil(t, l)
			err := runReport(l)
			if err == nil || pipeline.ExitCode(err) != c.code || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, exit %d; want exit %d and %q", err, pipeline.ExitCode(err), c.code, c.says)
			}
			if _, err := os.Stat(l.Report()); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a page was written all the same (%v)", err)
			}
		})
	}
}

// TestReportDrawsASample: of many cells some are drawn, each with its own latent
// and batch though the two files are cut into other row groups; counts are of all.
func TestReportDrawsASample(t *testing.T) {
	const cells = drawnCells + 5000
	l := writeRun(t)
	writeCells(t, l, cells, 3)
	whole, err := results.Read(l.Latent())
	if err != nil {
		t.Fatal(err)
	}
	writeInGroups(t, l.Latent(), whole, 7001)
	s := &Report{Layout: l, Options: ReportOptions{Title: "a title"}}
	d, err := s.read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	order := permutation(cells, 0)
	if d.Cells != cells || len(d.Latent) != 2 || len(d.Latent[0]) != drawnCells || len(d.Batch.Codes) != drawnCells {
		t.Fatalf("%d cells, of which %d are drawn", d.Cells, len(d.Batch.Codes))
	}
	for i, z := range d.Latent[1] {
		if row := order[i]; z != whole.Columns[2].Float32[row] || d.Batch.Codes[i] != int32(row%3) {
			t.Fatalf("the cell drawn at %d is not cell %d", i, row)
		}
	}
	if fmt.Sprint(d.Batch.Cells) != "[8334 8333 8333]" || d.Validation != cells/8 {
		t.Errorf("batches of %v cells, %d held out", d.Batch.Cells, d.Validation)
	}
	if err := runReport(l); err != nil {
		t.Fatal(err)
	}
	if html := string(readFile(t, l.Report())); !strings.Contains(html, "20,000 of the 25,000 cells are drawn") || len(html) > 1<<20 {
		t.Errorf("a page of %d bytes does not say what it draws", len(html))
	}
}

// writeInGroups writes the columns again, in row groups of size rows.
func writeInGroups(t *testing.T, path string, of *results.Table, size int) {
	t.Helper()
	s := results.Schema{Index: of.Index, Metadata: of.Metadata}
	for _, c := range of.Columns {
		kind, _ := c.Type()
		s.Columns = append(s.Columns, results.Field{Name: c.Name, Type: kind})
	}
	w, err := results.Create(path, s)
	if err != nil {
		t.Fatal(err)
	}
	for lo := 0; lo < of.Rows(); lo += size {
		hi := min(lo+size, of.Rows())
		part := []results.Column{{Name: of.Columns[0].Name, String: of.Columns[0].String[lo:hi]}}
		for _, c := range of.Columns[1:] {
			part = append(part, results.Column{Name: c.Name, Float32: c.Float32[lo:hi]})
		}
		if err := w.WriteRowGroup(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
