package store

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cellvi/io/counts"
)

func TestSameBytesForAnyChunking(t *testing.T) {
	full := sample(2100, 30, 100)
	files := func(chunk int) (all []byte) {
		dir := t.TempDir()
		write(t, dir, full, Uint16, chunk)
		for _, name := range []string{CellsFile, GenesFile} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b...)
		}
		return all
	}
	want := files(2100)
	for _, chunk := range []int{1, 7, 1024, 1025} {
		if !bytes.Equal(files(chunk), want) {
			t.Errorf("chunks of %d cells give other bytes", chunk)
		}
	}
}

func TestCountsThatDoNotFit(t *testing.T) {
	cases := []struct {
		kind    CountType
		value   float64
		tooWide bool
		message string
	}{
		{Uint8, 256, true, ""},
		{Uint16, 65536, true, ""},
		{Uint16, 4294967296, true, ""},
		{Uint32, 4294967296, false, "above 4,294,967,295"},
		{Uint32, 0.5, false, "0.5 is not a count"},
		{Uint8, -1, false, "-1 is not a count"},
		{Uint16, math.NaN(), false, "NaN is not a count"},
		{Uint8, math.Inf(1), false, "+Inf is not a count"},
		{Float32, math.NaN(), false, "NaN is not a count"},
		{Float32, -0.5, false, "-0.5 is not a count"},
		{Float32, 1e39, false, "32-bit floats"},
	}
	for _, c := range cases {
		full := sample(3, 4, 10)
		full.Table.Values[2] = c.value
		header := full.Table.Obs.Header()
		w, err := Create(t.TempDir(), full.Genes, &header, Options{Count: c.kind})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write(full.Table)
		var input *counts.InputError
		if errors.Is(err, ErrTooWide) != c.tooWide || !c.tooWide && (!errors.As(err, &input) ||
			!strings.Contains(err.Error(), c.message) || !strings.HasPrefix(err.Error(), "cell c0, gene g")) {
			t.Errorf("%s, %g: got %v", c.kind, c.value, err)
		}
		if closed := w.Close(); closed != err {
			t.Errorf("Close after a failed Write gave %v", closed)
		}
	}
}

func TestFloat32TellsWhatItRounds(t *testing.T) {
	full := sample(1, 4, 10)
	full.Table.Genes, full.Table.Indptr = []uint32{0, 1, 2, 3}, []int64{0, 4}
	full.Table.Values = []float64{0.5, 0.1, 1e-60, 1<<24 + 1}
	dir := t.TempDir()
	header := full.Table.Obs.Header()
	w, err := Create(dir, full.Genes, &header, Options{Count: Float32})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(full.Table), w.Close()); err != nil {
		t.Fatal(err)
	}
	if w.Rounded() != 3 {
		t.Errorf("%d values rounded, want 3", w.Rounded())
	}
	var rows Rows
	if err := open(t, dir).Read(0, &rows); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows.Genes, []uint32{0, 1, 3}) || !slices.Equal(rows.Counts, []float32{0.5, 0.1, 1 << 24}) {
		t.Errorf("got genes %v counts %v", rows.Genes, rows.Counts)
	}
}

func TestTypeFor(t *testing.T) {
	for largest, want := range map[float64]CountType{0: Uint8, 255: Uint8, 256: Uint16, 65535: Uint16, 65536: Uint32, 1 << 32: Float32} {
		if got := TypeFor(largest, false); got != want {
			t.Errorf("%g: %s, want %s", largest, got, want)
		}
	}
	if TypeFor(1, true) != Float32 {
		t.Error("fractions need float32")
	}
	wide, ok := Uint8.Wider()
	_, last := Uint32.Wider()
	_, float := Float32.Wider()
	if wide != Uint16 || !ok || last || float {
		t.Error("Wider")
	}
}

func TestWriteRefusesOtherTables(t *testing.T) {
	full := sample(3, 4, 10)
	other := counts.Frame{Columns: []counts.Column{{Name: "batch", Kind: counts.Int}, {Name: "genes", Kind: counts.Int}}}
	for _, header := range []counts.Frame{{}, other} {
		w, err := Create(t.TempDir(), full.Genes, &header, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if w.Write(full.Table) == nil || w.Close() == nil {
			t.Error("a table with other annotations was taken")
		}
	}
}

// TestFieldNames holds the mapping of annotation names to be one to one, away
// from the reserved names, whatever they are.
func TestFieldNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.SampledFrom([]string{"genes", "obs_genes", "obs_obs_genes", "a", "counts"})).Draw(t, "names")
		frame := &counts.Frame{}
		for _, n := range names {
			frame.Columns = append(frame.Columns, counts.Column{Name: n, Kind: counts.Int})
		}
		fields, renamed := fieldsOf(frame, "obs_", "genes", "counts")
		met := map[string]bool{"genes": true, "counts": true}
		for i, f := range fields {
			if met[f.Name] {
				t.Fatalf("%q: %q is taken", names, f.Name)
			}
			met[f.Name] = true
			own, ok := renamed[f.Name]
			if !ok {
				own = f.Name
			}
			if own != names[i] {
				t.Fatalf("%q leads back to %q, not %q", f.Name, own, names[i])
			}
		}
	})
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system")
	}
	full := sample(2000, 200, 100)
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, CellsFile)); err != nil {
		t.Skip("no symbolic links here")
	}
	header := full.Table.Obs.Header()
	w, err := Create(dir, full.Genes, &header, Options{Count: Uint8})
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Write(full.Table)
	var disk *fs.PathError
	if err := w.Close(); !errors.As(err, &disk) || !strings.HasPrefix(err.Error(), "write ") {
		t.Errorf("got %v", err)
	}
}

// TestWiden: a store whose counts outgrow its type is, byte for byte, one that
// had the wider type from the beginning, wherever the large count stands.
func TestWiden(t *testing.T) {
	for _, cell := range []int{0, 1, 1023, 1024, 2000, 2099} {
		for value, kind := range map[float64]CountType{256: Uint16, 65535: Uint16, 65536: Uint32, 1<<32 - 1: Uint32} {
			full := sample(2100, 30, 100)
			full.Table.Values[full.Table.Indptr[cell]] = value
			age := counts.Column{Name: "age", Kind: counts.Float, Floats: make([]float64, 2100)}
			age.Floats[cell] = math.Float64frombits(0x7ff8000000000000) // numpy's NaN is not Go's
			full.Table.Obs.Columns = append(full.Table.Obs.Columns, age)
			files := func(opt Options, chunk int) (all []byte) {
				dir := t.TempDir()
				w := writeWith(t, dir, full, opt, chunk)
				if w.Count() != kind {
					t.Fatalf("%g at cell %d: %s", value, cell, w.Count())
				}
				names, err := os.ReadDir(dir)
				if err != nil || len(names) != 2 {
					t.Fatal(names, err)
				}
				for _, name := range names {
					b, err := os.ReadFile(filepath.Join(dir, name.Name()))
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, b...)
				}
				return all
			}
			want := files(Options{Count: kind}, 2100)
			for _, chunk := range []int{1024, 700} {
				if !bytes.Equal(files(Options{Widen: true}, chunk), want) {
					t.Errorf("%g at cell %d, chunks of %d cells: other bytes", value, cell, chunk)
				}
			}
		}
	}
}
