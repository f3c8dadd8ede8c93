//go:build cgo

package hdf5

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// chunksFile has a dataset for each way in which chunks lie in a file.
const chunksFile = "testdata/chunks.h5"

func openFile(t testing.TB, path string) *Group {
	t.Helper()
	f, err := Open(path)
	must(t, err)
	root, err := f.Root()
	must(t, err)
	t.Cleanup(func() { must(t, root.Close()); must(t, f.Close()) })
	return root
}

// everyDataset calls do for each numeric dataset of chunksFile.
func everyDataset(t *testing.T, do func(t *testing.T, d *Dataset, name string)) {
	root := openFile(t, chunksFile)
	latest, err := root.OpenGroup("latest")
	must(t, err)
	t.Cleanup(func() { must(t, latest.Close()) })
	for _, g := range []*Group{root, latest} {
		names, err := g.Names()
		must(t, err)
		for _, name := range names {
			if name == "latest" {
				continue
			}
			t.Run(name, func(t *testing.T) { do(t, opened(t, g, name), name) })
		}
	}
}

// left tells which datasets are libhdf5's to read.
func left(name string) bool {
	return strings.HasSuffix(name, "fletcher32") || slices.Contains([]string{"half", "bool", "scaleoffset", "contiguous"}, name)
}

// TestScan reads every range that comes to mind, and compares with libhdf5.
func TestScan(t *testing.T) {
	pools := []*Decoders{NewDecoders(1), NewDecoders(3)}
	everyDataset(t, func(t *testing.T, d *Dataset, name string) {
		shape, rows, cols := d.Shape(), d.Shape()[0], int64(1)
		if len(shape) > 1 {
			cols = shape[1]
		}
		all := make([]float64, d.Len())
		must(t, Read(d, all, make([]int64, len(shape)), shape))
		rng := rand.New(rand.NewPCG(1, uint64(rows)))
		for _, pool := range pools {
			s, err := d.Scan(pool, ByRows, 64<<20)
			must(t, err)
			if s.direct == left(name) {
				t.Errorf("by chunks: %v", s.direct)
			}
			for i := range 60 {
				first := rng.Int64N(rows + 1)
				n := rng.Int64N(rows - first + 1)
				if i < 3 { // whole, twice, and one step on
					first, n = int64(i/2), rows-int64(i/2)
				}
				got := make([]float64, n*cols)
				must(t, ScanFloats(s, got, first, n))
				if want := all[first*cols:][:n*cols]; !slices.EqualFunc(got, want, sameValue) {
					t.Fatalf("rows %d to %d: %v, want %v", first, first+n, got, want)
				}
			}
			s.Close()
		}
	})
	for _, p := range pools {
		p.Close()
	}
}

func sameValue(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

// TestScanIndices: every number below 2³² is itself, and no other looks like one
// below 2³¹.
func TestScanIndices(t *testing.T) {
	pool := NewDecoders(2)
	defer pool.Close()
	everyDataset(t, func(t *testing.T, d *Dataset, name string) {
		if d.Type().Class != Integer || len(d.Shape()) > 1 {
			t.Skip("no indices")
		}
		want, err := ReadAll[int64](d)
		must(t, err)
		s, err := d.Scan(pool, ByRows, 64<<20)
		must(t, err)
		defer s.Close()
		got := make([]uint32, len(want))
		must(t, ScanIndices(s, got, 0))
		for i, v := range want {
			if v >= 0 && v < 1<<32 && int64(got[i]) != v || (v < 0 || v >= 1<<32) && got[i] < 1<<31 {
				t.Errorf("value %d: %d, want %d", i, got[i], v)
			}
		}
	})
}

// TestScanWritten reads random datasets of our own writing, with many more chunks
// than are read ahead at a time.
func TestScanWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	long := make([]int32, 300_000)
	for i := range long {
		long[i] = rng.Int32N(30_000)
	}
	table := make([]float32, 900*70)
	for i := range table {
		table[i] = float32(rng.ExpFloat64())
	}
	root := created(t, func(root *Group) {
		done(WriteArray(root, "long", []int64{300_000}, long, Layout{Chunk: 1000, Gzip: 1}))(t)
		done(WriteArray(root, "plain", []int64{300_000}, long, Layout{Chunk: 777}))(t)
		done(WriteArray(root, "table", []int64{900, 70}, table, Layout{Chunk: 11, Gzip: 4}))(t)
	})
	pool := NewDecoders(2)
	defer pool.Close()
	for _, name := range []string{"long", "plain"} {
		s, err := opened(t, root, name).Scan(pool, ByRows, 64<<20)
		must(t, err)
		for at := 0; at < len(long); {
			got := make([]uint32, 1+rng.IntN(min(20_000, len(long)-at)))
			must(t, ScanIndices(s, got, int64(at)))
			for i, v := range got {
				if int32(v) != long[at+i] {
					t.Fatalf("%s: value %d: %d, want %d", name, at+i, v, long[at+i])
				}
			}
			at += len(got)
		}
		s.Close()
	}
	s, err := opened(t, root, "table").Scan(pool, ByRows, 64<<20)
	must(t, err)
	defer s.Close()
	got := make([]float64, len(table))
	must(t, ScanFloats(s, got, 0, 900))
	for i, v := range table {
		if got[i] != float64(v) {
			t.Fatalf("value %d: %v, want %v", i, got[i], v)
		}
	}
}

// TestScanOutside: ranges that are not there are refused before anything is read.
func TestScanOutside(t *testing.T) {
	root := openFile(t, chunksFile)
	s, err := opened(t, root, "line_gzip").Scan(NewDecoders(0), ByRows, 64<<20)
	must(t, err)
	defer s.Close()
	for _, at := range []int64{-1, 95, math.MaxInt64} {
		if ScanFloats(s, make([]float64, 2), at, 2) == nil {
			t.Errorf("values from %d on were read", at)
		}
	}
}

// TestScanDamaged changes a byte of a chunk at a time: what is read is what was
// written, or one error that names file and dataset, the same for any number of
// threads. gzip carries a checksum, so no change goes unseen.
func TestScanDamaged(t *testing.T) {
	whole, err := os.ReadFile(chunksFile)
	must(t, err)
	names := []string{"line_gzip", "line_gzip_shuffle", "table_gzip", "line_lzf", "table_lzf_shuffle"}
	for _, name := range names {
		chunks := storedChunks(t, name)
		_, want := scanBroken(t, whole, name)
		refused := 0
		for i, c := range chunks {
			for at := c.start; at < c.end; at += 7 {
				broken := slices.Clone(whole)
				broken[at] ^= 0x5A
				said, got := scanBroken(t, broken, name)
				if said != "" {
					refused++
				} else if strings.Contains(name, "gzip") && !slices.EqualFunc(got, want, sameValue) {
					t.Errorf("%s, chunk %d: a change at byte %d went unseen", name, i, at)
				}
			}
		}
		if refused == 0 {
			t.Errorf("%s: no change was refused", name)
		}
	}
}

// scanBroken reads a dataset of a damaged file with 1 and 3 threads, and gives
// what is said of it and what was read.
func scanBroken(t *testing.T, file []byte, name string) (said string, got []float64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "broken.h5")
	must(t, os.WriteFile(path, file, 0o666))
	for i, threads := range []int{1, 3} {
		f, err := Open(path)
		must(t, err)
		root, err := f.Root()
		must(t, err)
		d, err := root.OpenDataset(name)
		must(t, err)
		pool := NewDecoders(threads)
		s, err := d.Scan(pool, ByRows, 64<<20)
		must(t, err)
		got = make([]float64, d.Len())
		err = ScanFloats(s, got, 0, d.Shape()[0])
		s.Close()
		pool.Close()
		now := ""
		if err != nil {
			now = err.Error()
			if !strings.HasPrefix(now, path+": /"+name+": ") || strings.Contains(now, "\n") {
				t.Errorf("%s: %s", name, now)
			}
		}
		if i > 0 && now != said {
			t.Errorf("%s: %q on one thread, %q on three", name, said, now)
		}
		said = now
		must(t, d.Close())
		must(t, root.Close())
		must(t, f.Close())
	}
	return said, got
}

// stretch is bytes of a file.
type stretch struct{ start, end int }

// storedChunks finds the chunks of a dataset in the file.
func storedChunks(t *testing.T, name string) (found []stretch) {
	t.Helper()
	file, err := os.ReadFile(chunksFile)
	must(t, err)
	s, err := opened(t, openFile(t, chunksFile), name).Scan(NewDecoders(0), ByRows, 64<<20)
	must(t, err)
	defer s.Close()
	for k := range s.chunks {
		raw := s.load(k).raw
		at := strings.Index(string(file), string(raw))
		if at < 0 {
			t.Fatalf("chunk %d is nowhere", k)
		}
		found = append(found, stretch{at, at + len(raw)})
	}
	return found
}

// BenchmarkScan reads values both ways: MB/s of uncompressed bytes.
func BenchmarkScan(b *testing.B) {
	const n = 4 << 20
	rng := rand.New(rand.NewPCG(1, 2))
	index, at := make([]int32, n), int32(0)
	for i := range index {
		if at += 1 + rng.Int32N(12); at >= 2000 {
			at = 0
		}
		index[i] = at
	}
	path := filepath.Join(b.TempDir(), "b.h5")
	f, err := Create(path)
	must(b, err)
	root, err := f.Root()
	must(b, err)
	done(WriteArray(root, "x", []int64{n}, index, Layout{Chunk: 1 << 16, Gzip: 4}))(b)
	must(b, root.Close())
	must(b, f.Close())
	for _, threads := range []int{0, 1, 2} {
		name := fmt.Sprintf("threads=%d", threads)
		if threads == 0 {
			name = "libhdf5"
		}
		b.Run(name, func(b *testing.B) {
			d, err := openFile(b, path).OpenDataset("x")
			must(b, err)
			defer d.Close()
			pool := NewDecoders(threads)
			defer pool.Close()
			s, err := d.Scan(pool, ByRows, 64<<20)
			must(b, err)
			defer s.Close()
			s.direct = threads > 0
			dst := make([]float64, 1<<18)
			b.SetBytes(4 * n)
			for b.Loop() {
				for at := int64(0); at < n; at += int64(len(dst)) {
					must(b, ScanFloats(s, dst, at, int64(len(dst))))
				}
			}
		})
	}
}
