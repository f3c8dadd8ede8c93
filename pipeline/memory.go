package pipeline

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// PeakMemory is the most bytes that the process had resident (VmHWM) since
// ResetPeakMemory, or its start; 0 where the system does not tell.
func PeakMemory() int64 { return statusKB("VmHWM:") * 1024 }

// ResetPeakMemory starts a new peak, where the system can: PeakMemory is for
// information only.
func ResetPeakMemory() {
	f, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	_, _ = f.WriteString("5")
	_ = f.Close()
}

// statusKB reads one line of /proc/self/status, in kB.
func statusKB(field string) int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close() // only read from
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), field); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n
		}
	}
	return 0
}

// MachineMemory is the bytes that the process may use: the machine's, or the
// lowest limit of its control groups where that is lower; 0 where the system does
// not tell. The limit is one for the process and its children together, and files'
// pages in memory count towards it as well; but those the kernel drops before it
// kills for want of memory.
func MachineMemory() int64 { return system("/").memory() }

// DefaultThreads is how many threads to work with where the user does not say:
// GOMAXPROCS where it is set; else the processors that the process may run on, or
// the processor time that its control groups allow where that is less. (Go's own
// default is never below 2 under such a limit, and knows no group above the
// process's.)
func DefaultThreads() int {
	if n := whole(os.Getenv("GOMAXPROCS")); n > 0 {
		return int(n)
	}
	return system("/").threads(runtime.NumCPU())
}

// memory is MachineMemory of a system.
func (s system) memory() int64 {
	total, limit := s.total(), s.memoryLimit()
	if limit > 0 && (total == 0 || limit < total) {
		return limit
	}
	return total
}

// total is the machine's memory, by /proc/meminfo.
func (s system) total() int64 {
	fields := strings.Fields(s.text("/proc/meminfo"))
	if len(fields) < 2 || fields[0] != "MemTotal:" {
		return 0
	}
	return whole(fields[1]) * 1024
}
