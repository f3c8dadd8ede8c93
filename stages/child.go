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

	"cellvi/pipeline"
)

// child is a process of this program that reads one file of HDF5, because a
// damaged one can kill libhdf5, and with it the process that it is in.
type child struct {
	file   string
	layer  string
	budget int64
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
func startChild(ctx context.Context, file string, budget int64, args ...string) (*child, error) {
	memory, cpu, err := childLimits(file, budget)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{file: file, budget: budget, memory: memory, cpu: cpu, faults: &bytes.Buffer{}, done: make(chan struct{})}
	args = append([]string{"read", "--limit-memory=" + strconv.FormatInt(memory, 10),
		"--limit-cpu=" + strconv.Itoa(int(cpu.Seconds()))}, args...)
	c.cmd = exec.CommandContext(ctx, self, append(args, "--", file)...)
	c.cmd.Stderr = &c.errors
	// Network file systems often cannot lock, and libhdf5 then refuses to open;
	// it reads this before main, and nobody writes to an input.
	c.cmd.Env = append(os.Environ(), "HDF5_USE_FILE_LOCKING=FALSE")
	if c.out, err = c.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	return c, c.start()
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
	return pipeline.BadInput("%s: reading it %s: %s", c.file, c.death(state, broken), damagedAdvice)
}

// death says how the child ended that told nothing.
func (c *child) death(state *os.ProcessState, broken error) string {
	status, _ := state.Sys().(syscall.WaitStatus)
	used := state.UserTime() + state.SystemTime()
	switch {
	case used >= c.cpu-time.Second:
		return fmt.Sprintf("took more than %v of processor time", c.cpu)
	case c.errors.mentions("out of memory", "cannot allocate memory"):
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
