package stages

import (
	"time"

	"cellvi/pipeline"
)

// means are what reading an input may take.
type means struct {
	memory  int64 // bytes, the budget of the whole program; 0: the usual
	threads int   // that decompress; 0: one
}

func meansOf(job *pipeline.Job) means { return means{memory: job.Memory, threads: job.Threads} }

// Limits of the child: memory above what an idle one has mapped, with what each
// thread reserves for its stacks, and seconds of processor time, many times what
// reading a whole file takes. They stop what a damaged file sets going; what a
// good one may take is planned with readerMemory.
const (
	childMemory         = 1 << 30 // where there is no budget
	childLeastMemory    = 400 << 20
	childThreadMemory   = 16 << 20
	childSeconds        = 5
	childBytesPerSecond = 500_000
	childMostPacking    = 1100 // to one: gzip's best
	childSlowest        = 4 << 20
)

// childLimits are those for files or folders of files: memory, and processor
// time until it is open and in all. The parent and what the child has mapped before
// have their part of the budget too, twice what they usually take. Opening reads little, and loops where libhdf5
// does on damaged files; reading ends when all values that gzip can pack into so
// many bytes have been read, at the slowest.
func childLimits(paths []string, may means) (memory int64, cpu, most time.Duration, err error) {
	size := int64(0)
	for _, path := range paths {
		n, err := pipeline.SizeOf(path)
		if err != nil {
			return 0, 0, 0, err
		}
		size += n
	}
	memory = childMemory
	if may.memory > 0 {
		memory = max(childLeastMemory, may.memory-4*programBytes)
	}
	memory += int64(may.threads) * childThreadMemory
	seconds := childSeconds + size/childBytesPerSecond
	return memory, time.Duration(seconds) * time.Second, time.Duration(seconds+size*childMostPacking/childSlowest) * time.Second, nil
}

// Memory that a reader plans with: half of the budget, less what a process takes
// before it reads anything. The parent has the other half.
const (
	usualReaderMemory = 256 << 20
	leastReaderMemory = 32 << 20
)

func (m means) readerMemory() int64 {
	if m.memory == 0 {
		return usualReaderMemory
	}
	return max(leastReaderMemory, m.memory/2-programBytes)
}
