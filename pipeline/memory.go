package pipeline

import (
	"bufio"
	"os"
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

// MachineMemory is the bytes that the process may use: the machine's, or its
// control group's limit where that is lower; 0 where the system does not tell.
func MachineMemory() int64 {
	total := meminfoTotal()
	for _, p := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && (total == 0 || limit < total) {
			total = limit
		}
	}
	return total
}

func meminfoTotal() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 || fields[0] != "MemTotal:" {
		return 0
	}
	n, _ := strconv.ParseInt(fields[1], 10, 64)
	return n * 1024
}
