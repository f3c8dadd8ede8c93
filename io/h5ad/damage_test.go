//go:build cgo

package h5ad

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellvi/io/counts"
)

// childFile names, to a copy of this test program, a file to read; libhdf5 may
// die by signal on a damaged file, so no test reads one in its own process.
const childFile = "CELLVI_H5AD_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		os.Exit(child(path))
	}
	os.Exit(m.Run())
}

// child reads everything and tells how it went: 0 fine, 10 a fault of the
// file, 11 any other error.
func child(path string) int {
	d, err := Describe(path)
	if err == nil {
		for _, m := range d.Matrices {
			if _, e := factsOf(path, Options{Matrix: m.Name}); e != nil {
				err = e
			}
		}
	}
	var input *counts.InputError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &input):
		fmt.Fprintln(os.Stderr, err)
		return 10
	}
	fmt.Fprintln(os.Stderr, err)
	return 11
}

// outcome is what reading a file in a child came to.
type outcome struct {
	code    int
	crashed bool // or without end, in libhdf5, which Go cannot catch
	said    string
}

func readInChild(t *testing.T, path string) outcome {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) } // says where it is
	cmd.Env = append(os.Environ(), childFile+"="+path, "GOMEMLIMIT=512MiB")
	var said bytes.Buffer
	cmd.Stderr = &said
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{code: cmd.ProcessState.ExitCode(), said: said.String()}
	o.crashed = o.code < 0 || strings.Contains(o.said, "signal arrived during cgo execution") || strings.Contains(o.said, "\nruntime.cgocall(")
	return o
}

// checkClean holds a fault to one line that names the file.
func checkClean(t *testing.T, what, path string, o outcome) {
	t.Helper()
	oneLine := strings.Count(strings.TrimSpace(o.said), "\n") == 0 && strings.HasPrefix(o.said, path+": ")
	if o.code == 0 && o.said == "" || o.code == 10 && oneLine {
		return
	}
	t.Errorf("%s: exit %d:\n%s", what, o.code, o.said)
}

// TestTruncated cuts a file at 50 lengths: always one clear error, never a crash.
func TestTruncated(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(made, "columns.h5ad"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.h5ad")
	for i := range 50 {
		n := len(whole) * i / 50
		if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		o := readInChild(t, path)
		checkClean(t, fmt.Sprintf("cut at %d", n), path, o)
		if o.code != 10 || o.crashed {
			t.Errorf("cut at %d: read as if whole (exit %d)", n, o.code)
		}
	}
}

// TestMutated changes bytes of small files. A crash of libhdf5, or a loop
// without end in it, is counted, not a failure: the program reads files in a
// child, with limits, for that. A Go panic, an error of several lines, or no
// end in Go is a failure.
func TestMutated(t *testing.T) {
	const seed, each = 20261121, 30
	crashes := 0
	for _, name := range []string{"columns.h5ad", "gzip.h5ad", "legacy.h5ad", "latest.h5ad", "ancient.h5ad", "foreign.h5ad"} {
		whole, err := os.ReadFile(filepath.Join(made, name))
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, uint64(len(whole))))
		for i := range each {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, mutated(whole, rng), 0o666); err != nil {
				t.Fatal(err)
			}
			o := readInChild(t, path)
			if o.crashed {
				crashes++
				continue
			}
			checkClean(t, fmt.Sprintf("%s, seed %d, mutation %d", name, seed, i), path, o)
		}
	}
	t.Logf("libhdf5 crashed on %d of %d", crashes, 6*each)
}

func mutated(whole []byte, rng *rand.Rand) []byte {
	out := bytes.Clone(whole)
	for range 1 + rng.IntN(12) {
		at := rng.IntN(len(out))
		if rng.IntN(2) == 0 {
			at = rng.IntN(len(out) / 8) // metadata lies at the beginning
		}
		out[at] ^= byte(1 << rng.IntN(8))
	}
	return out
}
