package textmatrix

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"cellvi/io/counts"
)

// FuzzOpen reads any file: each table that comes keeps its promises, each fault is
// the user's to read.
func FuzzOpen(f *testing.F) {
	for _, text := range []string{
		"cell_id,A,B,C\nc1,5,0,2\nc2,0,7,1\n",
		"# a\n#cell\tA\tB\r\nc1\t0.5\t-1e3\r\nc2\tNA\t\r\n",
		"\ufeff\"A\";\"B\"\n\"c\"\"1\";0;\"2\"\n",
		"A B\nc1 0 0 \n",
		",A,B,C,D,E,F,G,H,I\nc1,0,0,0,0,0,0,0,0,0\nc2,1,0,0,0,0,12345678901234567890,inf,0,0\n",
	} {
		f.Add([]byte(text), false, false)
		f.Add(compressed(f, []byte(text)), true, true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, transpose, threads bool) {
		path := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		opt := Options{Transpose: transpose, Memory: 4 << 20, Threads: 1}
		if threads {
			opt.Threads = 2
		}
		if _, err := Describe(path, opt); err != nil {
			sound(t, err)
		}
		sound(t, readSound(t, path, opt))
	})
}

// sound holds an error to what a reader may say.
func sound(t *testing.T, err error) {
	var input *counts.InputError
	var memory *counts.MemoryError
	var system *fs.PathError
	if err != nil && !errors.As(err, &input) && !errors.As(err, &memory) && !errors.As(err, &system) {
		t.Fatalf("%T: %v", err, err)
	}
}
