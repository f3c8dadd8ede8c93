package stages

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// limit bounds what a damaged file can make its reader take: memory, processor
// time and life after the parent.
func limit(q question) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	if err := setLimit(unix.RLIMIT_CORE, 0); err != nil {
		return err
	}
	if q.MostCPU > 0 {
		if err := setLimit(unix.RLIMIT_CPU, q.MostCPU); err != nil {
			return err
		}
	}
	if q.Memory > 0 {
		debug.SetMemoryLimit(q.Plan + leastReaderMemory) // what was planned, without garbage of as much again
		return setLimit(unix.RLIMIT_AS, addressSpace()+uint64(q.Memory))
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

// opening is the time until a file is open, in which a damaged one can make libhdf5
// loop.
type opening struct{ done atomic.Bool }

// startOpening ends this process when opening takes more processor time than q
// allows: the parent then tells what it took.
func startOpening(q question) *opening {
	o := &opening{}
	if q.CPU == 0 {
		return o
	}
	tick := time.NewTicker(time.Second / 4)
	go func() {
		defer tick.Stop()
		for range tick.C {
			var used unix.Rusage
			switch err := unix.Getrusage(unix.RUSAGE_SELF, &used); {
			case o.done.Load() || err != nil:
				return
			case uint64(used.Utime.Sec+used.Stime.Sec) >= q.CPU:
				_ = unix.Kill(os.Getpid(), unix.SIGKILL) // C that loops lets nothing else end it
			}
		}
	}()
	return o
}

func (o *opening) over() { o.done.Store(true) }
