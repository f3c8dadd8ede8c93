package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// options of all cases.
type options struct {
	bin     string
	kinds   []string // names; none: all
	only    string   // part of the names of the cases to try
	scale   float64  // of the number of points
	seed    uint64
	workers int
	results string // the page; "": none
	keep    string // folder for what is left of losses
}

func main() {
	if err := faults(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "faults: %v\n", err)
		os.Exit(1) //nolint:forbidigo // this is the main of a command
	}
}

// faults is the command.
func faults(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	l, err := newLab(ctx, o, os.Stderr)
	if err != nil {
		return err
	}
	defer l.close()
	r := &results{options: o, lab: l}
	if err := r.tryAll(ctx, os.Stderr); err != nil {
		return err
	}
	if err := r.publish(); err != nil {
		return err
	}
	if n := r.lost(); n > 0 {
		return fmt.Errorf("%d cases lost something: what is left of them is in %s", n, o.keep)
	}
	return nil
}

func parse(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("faults", flag.ContinueOnError)
	f.StringVar(&o.bin, "bin", "bin/cellvi", "the program")
	kinds := f.String("kinds", "", "kinds of faults, with commas; all where not given: "+strings.Join(kindNames(), ","))
	f.StringVar(&o.only, "only", "", "try only the cases with this in their names")
	f.Float64Var(&o.scale, "scale", 1, "so many times the usual number of points of each kind")
	f.Uint64Var(&o.seed, "seed", 1, "seed of all that is random")
	f.IntVar(&o.workers, "workers", 2, "cases at a time")
	f.StringVar(&o.results, "results", "", "page to write")
	f.StringVar(&o.keep, "keep", "bench/.cache/faults", "folder for what is left of losses")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if *kinds != "" {
		o.kinds = strings.Split(*kinds, ",")
	}
	for _, name := range o.kinds {
		if findKind(name) == nil {
			return nil, fmt.Errorf("-kinds %s: there is no such kind: %s", name, strings.Join(kindNames(), ", "))
		}
	}
	var err error
	o.bin, err = filepath.Abs(o.bin)
	return o, err
}
