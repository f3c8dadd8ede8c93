package stages

import (
	"bufio"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"cellvi/io/counts"
	"cellvi/io/h5ad"
	"cellvi/io/wire"
)

// ChildOptions are the arguments of the hidden command `read`, in which the
// child process reads one file of HDF5.
type ChildOptions struct {
	File     string `arg:""`
	Layer    string `name:"layer" default:"X"`
	Describe bool   `name:"describe"` // say what is in the file, as JSON, instead of sending it
	Names    bool   `name:"names"`    // send only the cells' names
	Memory   int64  `name:"limit-memory" default:"0"`
	CPU      uint64 `name:"limit-cpu" default:"0"`
}

// faultDescriptor is where the child writes a childFault: its stdout carries
// the data, its stderr what libhdf5 or a dying runtime says.
const faultDescriptor = 3

// ServeChild is the child's whole work. It limits itself before HDF5 is
// touched, writes to out, and returns the exit code; an error goes to the
// parent. A fault of HDF5 may kill it at any point: the parent tells that from
// a whole answer.
func ServeChild(ctx context.Context, opt ChildOptions, out io.Writer) int {
	faults := os.NewFile(faultDescriptor, "faults")
	err := limit(opt)
	if err == nil {
		err = serve(ctx, opt, out)
	}
	if err == nil {
		return 0
	}
	if err := tellParent(faults, err); err != nil {
		return childMute
	}
	return childFailed
}

// Exit codes of the child. Its parent translates them; no user sees them.
const (
	childFailed = 65
	childMute   = 70
)

func serve(ctx context.Context, opt ChildOptions, out io.Writer) (err error) {
	if opt.Describe {
		d, err := h5ad.Describe(opt.File)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(out)
		return errors.Join(json.NewEncoder(w).Encode(d), w.Flush())
	}
	reader, err := h5ad.Open(opt.File, h5ad.Options{Matrix: opt.Layer, Memory: opt.Memory / 4, Threads: runtime.GOMAXPROCS(0)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if opt.Names {
		names, err := counts.NamesOf(ctx, reader)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(out)
		return errors.Join(gob.NewEncoder(w).Encode(names), w.Flush())
	}
	var notes []string
	for _, s := range reader.Skipped() {
		notes = append(notes, "the column "+s.Name+" is left out: "+s.Why)
	}
	return wire.Send(ctx, out, reader, notes)
}

// limit bounds what a damaged file can make HDF5 take: memory, processor time
// and life after the parent.
func limit(opt ChildOptions) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	if err := setLimit(unix.RLIMIT_CORE, 0); err != nil {
		return err
	}
	if opt.CPU > 0 {
		if err := setLimit(unix.RLIMIT_CPU, opt.CPU); err != nil {
			return err
		}
	}
	if opt.Memory > 0 {
		debug.SetMemoryLimit(opt.Memory / 2) // Go's part gives way before HDF5's fails
		return setLimit(unix.RLIMIT_AS, addressSpace()+uint64(opt.Memory))
	}
	return nil
}

// setLimit lowers a limit, and leaves one alone that is lower already.
func setLimit(resource int, value uint64) error {
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return err
	}
	value = min(value, now.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value})
}

// addressSpace is what the process has mapped already: Go reserves far more
// than it uses.
func addressSpace() uint64 {
	f, err := os.Open("/proc/self/statm")
	if err != nil {
		return 1 << 30
	}
	defer f.Close() // only read from
	var pages uint64
	if _, err := fmt.Fscan(f, &pages); err != nil {
		return 1 << 30
	}
	return pages * uint64(os.Getpagesize())
}

// Limits of the child: memory above what an idle one has mapped, with what each
// thread reserves for its stacks, and seconds of processor time, many times what
// reading a whole file takes. Reading takes some 50 MB; a column of texts that are
// each different, or chunks of many megabytes, can take more.
const (
	childMemory         = 1 << 30
	childMostMemory     = 8 << 30
	childThreadMemory   = 16 << 20
	childSeconds        = 120
	childBytesPerSecond = 500_000
)

// childLimits are those for the file.
func childLimits(file string, may means) (memory int64, cpu time.Duration, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, 0, err
	}
	memory = max(min(childMostMemory, may.memory), childMemory) + int64(may.threads)*childThreadMemory
	return memory, time.Duration(childSeconds+info.Size()/childBytesPerSecond) * time.Second, nil
}
