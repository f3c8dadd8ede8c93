package stages

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"cellvi/pipeline"
)

// TestFormatOf: bytes decide, names only where bytes cannot.
func TestFormatOf(t *testing.T) {
	gz := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write([]byte(text))
		check(t, err)
		check(t, z.Close())
		return b.String()
	}
	hdf5 := "\x89HDF\r\n\x1a\n"
	for name, c := range map[string]struct {
		text string
		want format
		err  string // where it is refused
	}{
		"a.h5ad":          {hdf5, formatHDF5, ""},
		"anything":        {hdf5, formatHDF5, ""},
		"user block":      {string(make([]byte, 1024)) + hdf5, formatHDF5, ""},
		"text.h5ad":       {"cell,gene\n", formatHDF5, ""},
		"b.bin":           {"PAR1" + string(make([]byte, 20)) + "PAR1", formatTable, ""},
		"c.bin":           {"ARROW1\x00\x00", formatTable, ""},
		"broken.parquet":  {"cell,gene\n", formatTable, ""},
		"d.txt.gz":        {gz("cell\tA\tB\n"), formatText, ""},
		"e":               {"cell;A;B\nx;1;2\n", formatText, ""},
		"f.csv":           {"cell\n", formatText, ""},
		"matrix.mtx":      {"%%MatrixMarket matrix coordinate integer general\n", formatMTX, ""},
		"g.gz":            {gz("%%MatrixMarket matrix coordinate integer general\n"), formatMTX, ""},
		"radixin.csv":     {"RDX,A\nx,1\n", formatText, ""},
		"h.rds":           {gz("X\n\x00\x00\x00\x03"), "", "it is an R object: write it as .h5ad"},
		"i.RData":         {gz("RDX3\nX\n"), "", "it is an R object"},
		"j.xlsx":          {"PK\x03\x04\x14\x00", "", "it is a zip archive"},
		"k.bam":           {"BAM\x01\x00", "", "cannot tell the format"},
		"l.csv":           {"", "", "the file is empty"},
		"m.words":         {"no separator here\n", "", "cannot tell the format"},
		"folder.zarr/":    {".zattrs", "", "a zarr store, which is not read: write it as .h5ad"},
		"folder.store/":   {"cells.arrow", formatStore, ""},
		"folder.other/":   {"notes.txt", "", "a folder, but no cells store"},
		"folder.parquet/": {"part-0.parquet", formatTable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), filepath.Clean(name))
			if name[len(name)-1] == '/' {
				check(t, os.Mkdir(path, 0o777))
				check(t, os.WriteFile(filepath.Join(path, c.text), []byte("PAR1"), 0o666))
			} else {
				check(t, os.WriteFile(path, []byte(c.text), 0o666))
			}
			got, err := formatOf(path)
			if c.err != "" {
				wantError(t, err, pipeline.ExitBadInput, path, c.err)
				return
			}
			check(t, err)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	_, err := formatOf(filepath.Join(t.TempDir(), "none.h5ad"))
	wantError(t, err, pipeline.ExitNoInput, "none.h5ad")
}

// FuzzFormatOf: any bytes under any name are of a format, or refused in one line.
func FuzzFormatOf(f *testing.F) {
	for _, seed := range []string{"", "\x89HDF\r\n\x1a\n", "PAR1", "ARROW1", "%%MatrixMarket", "a,b\n1,2\n", "\x1f\x8b\x08\x00", "PK\x03\x04", "RDX3\n"} {
		f.Add([]byte(seed), "x.csv")
		f.Add([]byte(seed), "matrix.mtx.gz")
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		path := filepath.Join(t.TempDir(), filepath.Base(filepath.Clean("/"+name))+"x")
		if os.WriteFile(path, text, 0o666) != nil {
			return // no name for a file
		}
		if _, err := formatOf(path); err != nil {
			wantError(t, err, pipeline.ExitBadInput)
		}
	})
}
