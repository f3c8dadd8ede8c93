package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// options of a mutation run.
type options struct {
	n, workers int
	seed       uint64
	first      int // number of the first mutation
	bin        string
	fixtures   string // folder with expected.json; may be absent
	extra      string // folder of further valid files; "": none
	out        string // the page; "": stdout
	keep       string // folder for the files of failures
	python     string // makes further files and reads a sample of other answers; "": none does
	limits     limits
}

// limits of one reading.
type limits struct {
	wall   time.Duration
	memory int64 // bytes: resident memory of cellvi and its children, a tenth above its budget of 1 GB
}

func main() {
	if err := fuzz(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "fuzzfiles: %v\n", err)
		os.Exit(1) //nolint:forbidigo // this is the main of a command
	}
}

// fuzz is the command.
func fuzz(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o, err := parse(args)
	if err != nil {
		return err
	}
	failures, err := run(ctx, o, os.Stderr)
	if err == nil && failures > 0 {
		err = fmt.Errorf("%d failures: their files are in %s", failures, o.keep)
	}
	return err
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("fuzzfiles", flag.ContinueOnError)
	f.IntVar(&o.n, "n", 1000, "number of mutations")
	f.IntVar(&o.first, "first", 0, "number of the first mutation")
	f.Uint64Var(&o.seed, "seed", 1, "seed of all mutations")
	f.IntVar(&o.workers, "workers", 2, "files read at a time")
	f.StringVar(&o.bin, "bin", "bin/cellvi", "the program")
	f.StringVar(&o.fixtures, "fixtures", filepath.Join(shared(), "fixtures"), "folder with files of others and expected.json")
	f.StringVar(&o.extra, "corpus", "", "folder with further valid files")
	f.StringVar(&o.out, "out", "", "page to write; stdout where not given")
	f.StringVar(&o.keep, "keep", "bench/.cache/fuzz", "folder for the files of failures")
	f.StringVar(&o.python, "python", os.Getenv("CELLVI_PYTHON"), "Python with anndata, scanpy and pyarrow: more formats, and a check of other answers")
	f.DurationVar(&o.limits.wall, "limit", time.Minute, "longest time of one reading")
	f.Int64Var(&o.limits.memory, "memory", 1_100_000_000, "most bytes resident in one reading")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	var err error
	o.bin, err = filepath.Abs(o.bin)
	return o, err
}

// shared is the folder with files that are not part of the repository.
func shared() string {
	if dir := os.Getenv("CELLVI_SHARED"); dir != "" {
		return dir
	}
	return filepath.Join("..", "shared")
}

// run does everything and says how many mutations failed.
func run(ctx context.Context, o *options, talk io.Writer) (failures int, err error) {
	scratch, err := os.MkdirTemp("", "cellvi-fuzz")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(scratch) }() // what is left is in the system's own folder
	c, err := gather(ctx, o, scratch)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	trials, failures, err := readAll(ctx, o, c, scratch, talk)
	if err != nil {
		return 0, err
	}
	r := &results{options: o, corpus: c, trials: trials, wall: time.Since(began)}
	if r.agreement, err = r.askOthers(ctx, scratch, talk); err != nil {
		return 0, err
	}
	return failures, r.publish()
}
