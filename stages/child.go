package stages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"cellvi/pipeline"
)

// means are what reading an input may take.
type means struct {
	memory  int64 // bytes; 0: the usual
	threads int   // that decompress; 0: one
}

func meansOf(job *pipeline.Job) means { return means{memory: job.Memory, threads: job.Threads} }

// child is a process of this program that reads one file of HDF5, because a
// damaged one can kill libhdf5, and with it the process that it is in.
type child struct {
	file   string
	layer  string
	may    means
	memory int64
	cpu    time.Duration
	cmd    *exec.Cmd
	out    io.ReadCloser
	faults *bytes.Buffer // what it wrote to faultDescriptor, complete once done is closed
	done   chan struct{}
	errors tail // its stderr
}

// startChild starts it with the arguments of `read` (see ChildOptions). ctx
// ends it.
func startChild(ctx context.Context, file string, may means, args ...string) (*child, error) {
	memory, cpu, err := childLimits(file, may)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{file: file, may: may, memory: memory, cpu: cpu, faults: &bytes.Buffer{}, done: make(chan struct{})}
	args = append([]string{"read", "--limit-memory=" + strconv.FormatInt(memory, 10),
		"--limit-cpu=" + strconv.Itoa(int(cpu.Seconds())), "--threads=" + strconv.Itoa(may.threads)}, args...)
	c.cmd = exec.CommandContext(ctx, self, append(args, "--", file)...)
	c.cmd.Stderr = &c.errors
	// Network file systems often cannot lock, and libhdf5 then refuses to open;
	// it reads this before main, and nobody writes to an input. Every thread that
	// calls C would reserve 64 MB for its malloc, which the limit counts as used.
	c.cmd.Env = append(os.Environ(), "HDF5_USE_FILE_LOCKING=FALSE", "MALLOC_ARENA_MAX=2")
	if c.out, err = c.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	widenPipe(c.out)
	return c, c.start()
}

// widenPipe lets a pipe hold more than its 64 kB, so that both ends run without
// waiting for each other at every turn. That the system refuses is no fault.
func widenPipe(pipe io.ReadCloser) {
	if f, ok := pipe.(*os.File); ok {
		if raw, err := f.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
		}
	}
}

// start starts the process and the goroutine that collects its faults.
func (c *child) start() error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	c.cmd.ExtraFiles = []*os.File{write} // the child's descriptor 3
	if err := c.cmd.Start(); err != nil {
		return errors.Join(err, read.Close(), write.Close())
	}
	go func() {
		defer close(c.done)
		_, _ = io.Copy(c.faults, io.LimitReader(read, 1<<20)) // what is missing is no JSON
		_ = read.Close()
	}()
	return write.Close()
}

// wait waits for the child's end and says why it did not do its work; nil when
// it did. broken is what was wrong with its data, if anything was.
func (c *child) wait(ctx context.Context, broken error) error {
	<-c.done
	err := c.cmd.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if told := readFault(c.faults.Bytes(), c.file); told != nil {
		return told
	}
	state := c.cmd.ProcessState
	if err == nil && broken == nil {
		return nil
	}
	how, advice := c.death(state, broken), damagedAdvice
	if c.starved() {
		advice += ", or raise --memory"
	}
	return pipeline.BadInput("%s: reading it %s: %s", c.file, how, advice)
}

// death says how the child ended that told nothing.
func (c *child) death(state *os.ProcessState, broken error) string {
	status, _ := state.Sys().(syscall.WaitStatus)
	used := state.UserTime() + state.SystemTime()
	switch {
	case used >= c.cpu-time.Second:
		return fmt.Sprintf("took more than %v of processor time", c.cpu)
	case c.starved():
		return fmt.Sprintf("needs more than %d MB of memory", c.memory>>20)
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		return "was killed by the system, perhaps for its memory"
	case status.Signaled() && status.Signal() != syscall.SIGPIPE: // we hung up on that one
		return "crashed the HDF5 library (" + status.Signal().String() + ")"
	case c.errors.mentions("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE"):
		return "crashed the HDF5 library"
	case broken != nil:
		return "gave data that cannot be (" + broken.Error() + ")"
	}
	return "crashed"
}

// starved tells whether the child's last words were of memory.
func (c *child) starved() bool { return c.errors.mentions("out of memory", "cannot allocate memory") }

// stop ends the child wherever it is.
func (c *child) stop() {
	_ = c.cmd.Process.Kill() // it may be over already
	_ = c.out.Close()
	<-c.done
	_ = c.cmd.Wait()
}

// tail keeps the first bytes of what a child says to stderr: a runtime's last
// words begin with the reason.
type tail struct{ text []byte }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[:min(len(p), max(0, 1<<16-len(t.text)))]...)
	return len(p), nil
}

func (t *tail) mentions(words ...string) bool {
	for _, w := range words {
		if strings.Contains(string(t.text), w) {
			return true
		}
	}
	return false
}
