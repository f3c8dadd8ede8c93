package stages

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// misbehave names, in the environment of a child of this test binary, what it
// does instead of its work.
const misbehave = "CELLVI_TEST_CHILD"

// TestMain lets the test binary be its own child, as cellvi is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "read" {
		os.Exit(testChild())
	}
	os.Exit(m.Run())
}

// testChild takes the question as cellvi does.
func testChild() int {
	switch how := os.Getenv(misbehave); how {
	case "":
		return ServeChild(context.Background(), os.Stdin, os.Stdout)
	case "half":
		return ServeChild(context.Background(), os.Stdin, &shortWriter{os.Stdout, 3000})
	case "garbage":
		_, _ = os.Stdout.WriteString(strings.Repeat("garbage", 1000))
		return 0
	case "memory":
		if err := limit(question{Memory: 1 << 20}); err != nil {
			return 70
		}
		_ = make([]byte, 8<<30)
		return 0
	case "exit":
		return 70
	default:
		signal, _ := strconv.Atoi(how)
		_ = syscall.Kill(os.Getpid(), syscall.Signal(signal))
		time.Sleep(time.Minute)
		return 0
	}
}

// shortWriter writes so many bytes and drops the others.
type shortWriter struct {
	to   io.Writer
	left int
}

func (w *shortWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p[:min(len(p), w.left)])
	w.left -= n
	return len(p), err
}

// readAll reads a file in a child.
func readAll(ctx context.Context, path, layer string) (cells int, err error) {
	r, err := openCounts(ctx, path, ReadOptions{Layer: layer}, means{threads: 2})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		table, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return cells, nil
		}
		if err != nil {
			return cells, err
		}
		cells += table.Cells()
	}
}

// TestChildDeaths: however the child ends, the error is one line that names the
// file, and bad input; unless it was killed from outside, which more memory may help.
func TestChildDeaths(t *testing.T) {
	path := writeH5AD(t, exampleTable(3000))
	for how, want := range map[string]string{
		"11":      "crashed", // SIGSEGV, which Go turns into an exit
		"6":       "crashed", // SIGABRT
		"7":       "crashed", // SIGBUS
		"9":       "was killed, by the system",
		"half":    "stopped before the end",
		"garbage": "gave data that cannot be",
		"exit":    "stopped before the end",
		"memory":  "needs more than",
	} {
		t.Run(how, func(t *testing.T) {
			t.Setenv(misbehave, how)
			_, err := readAll(context.Background(), path, "X")
			code := pipeline.ExitBadInput
			if how == "9" {
				code = pipeline.ExitOverMemory
			}
			if ExitCode(err) != code || !strings.HasPrefix(err.Error(), path+": ") ||
				!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("exit code %d: %v", ExitCode(err), err)
			}
			_, err = describeInChild(context.Background(), path, ReadOptions{Layer: "X"}, means{})
			if ExitCode(err) != code && how != "half" {
				t.Errorf("describing: exit code %d: %v", ExitCode(err), err)
			}
		})
	}
}

func TestChildReads(t *testing.T) {
	path := writeH5AD(t, exampleTable(3000))
	cells, err := readAll(context.Background(), path, "X")
	if err != nil || cells != 3000 {
		t.Fatalf("%d cells, %v", cells, err)
	}
	r, err := openInChild(context.Background(), path, ReadOptions{Layer: "X"}, means{threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	names, err := counts.NamesOf(context.Background(), r)
	if err != nil || len(names) != 3000 || names[2999] != "cell2999" {
		t.Errorf("%d names, %v", len(names), err)
	}
	if err := r.Close(); err != nil { // its child is still at work
		t.Error(err)
	}
}

// TestChildErrors: what the child says arrives as it was.
func TestChildErrors(t *testing.T) {
	path := writeH5AD(t, exampleTable(10))
	_, err := readAll(context.Background(), path, "nothing")
	var bad *counts.InputError
	if !errors.As(err, &bad) || bad.File != path {
		t.Errorf("no such layer: %v", err)
	}
	if _, err := describeInChild(context.Background(), path+"-none.h5ad", ReadOptions{Layer: "X"}, means{}); ExitCode(err) != pipeline.ExitNoInput {
		t.Errorf("no such file: exit code %d: %v", ExitCode(err), err)
	}
}

func TestChildCancelled(t *testing.T) {
	path := writeH5AD(t, exampleTable(3000))
	ctx, cancel := context.WithCancel(context.Background())
	r, err := openInChild(ctx, path, ReadOptions{Layer: "X"}, means{threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cancel()
	if _, err := r.Next(ctx); ExitCode(err) != pipeline.ExitInterrupted {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}

// TestChildTruncated: a file cut anywhere is one clean error.
func TestChildTruncated(t *testing.T) {
	whole, err := os.ReadFile(writeH5AD(t, exampleTable(200)))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 12 {
		n := random.IntN(len(whole))
		path := filepath.Join(t.TempDir(), "cut.h5ad")
		if err := os.WriteFile(path, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := readAll(context.Background(), path, "X")
		if ExitCode(err) != pipeline.ExitBadInput || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), path) {
			t.Errorf("%d of %d bytes: exit code %d: %v", n, len(whole), ExitCode(err), err)
		}
	}
}

func TestChildLimits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, make([]byte, 10_000_000), 0o666); err != nil {
		t.Fatal(err)
	}
	for budget, want := range map[int64]int64{0: 1 << 30, 1: 400 << 20, 2e9: 2e9 - 4*programBytes, 1e12: 1e12 - 4*programBytes} {
		memory, cpu, most, err := childLimits([]string{path}, means{memory: budget})
		if err != nil || memory != want || cpu != 25*time.Second || most != 2647*time.Second {
			t.Errorf("budget %d: %d bytes, %v, %v, %v", budget, memory, cpu, most, err)
		}
	}
}
