package store

import (
	"bufio"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// resident is the bytes of a mapped file that are resident; the test is skipped
// where the system does not tell.
func resident(t *testing.T, path string) (n int64) {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip("this system does not tell what is resident")
	}
	defer f.Close()
	ours := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if !strings.HasSuffix(fields[0], ":") {
			ours = fields[len(fields)-1] == path
		}
		if ours && fields[0] == "Rss:" {
			kb, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			n += kb * 1024
		}
	}
	return n
}

// What is read does not stay resident: batches, pieces, names or annotations.
func TestReadPagesAreGivenBack(t *testing.T) {
	full := sample(16*BatchCells, 1000, 50)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, full, Uint8, BatchCells)
	path := filepath.Join(dir, CellsFile)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	_ = s.cells.data[0] // there is a mapping to look for
	if resident(t, path) == 0 {
		t.Skip("the file is not mapped here")
	}
	if info.Size() < 4*around {
		t.Fatalf("a file of %d bytes shows nothing", info.Size())
	}
	var rows Rows
	var cut Cut
	for what, read := range map[string]func(i int) error{
		"batches":     func(i int) error { return s.Read(i, &rows) },
		"pieces":      func(i int) error { return s.ReadCut(15-i, 64, 128, &cut) },
		"names":       func(i int) error { _, err := s.Names(i); return err },
		"annotations": func(i int) error { _, err := s.obs(i); return err },
	} {
		most := int64(math.MinInt64)
		for i := range s.Batches() {
			if err := read(i); err != nil {
				t.Fatal(err)
			}
			most = max(most, resident(t, path))
		}
		if most > 1<<20 {
			t.Errorf("%s: %d bytes of %d stayed resident", what, most, info.Size())
		}
	}
}
