package pipeline

import "golang.org/x/sys/unix"

// addressSpaceBase and addressSpaceThread are what the program reserves of its
// address space beside its budget: Go's heap, files that are mapped, and for each
// thread OpenBLAS' buffers and the C library's. Measured: training works from
// 2.3 GB on with two threads. Below, OpenBLAS asks for ever for what it does not
// get, and no signal ends it.
const (
	addressSpaceBase   = 2.2e9
	addressSpaceThread = 100e6
)

// CheckAddressSpace refuses to work under a limit on the address space (ulimit -v,
// SGE's h_vmem) that is too small for threads and a budget of memory: exit 137.
func CheckAddressSpace(threads int, memory int64) error {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY}
	_ = unix.Getrlimit(unix.RLIMIT_AS, &limit) // where there is no such limit it stays infinite
	return checkAddressSpace(limit.Cur, threads, memory)
}

func checkAddressSpace(limit uint64, threads int, memory int64) error {
	need := uint64(addressSpaceBase + addressSpaceThread*float64(threads) + float64(memory))
	if limit >= need {
		return nil
	}
	return OverMemory("the address space of this process is limited to %d MB (ulimit -v, or the scheduler's h_vmem), and %d threads with a budget of %d MB need %d MB of it, most of which is never used: raise the limit, or lower --threads and --memory",
		limit/1e6, threads, memory/1e6, need/1e6)
}
