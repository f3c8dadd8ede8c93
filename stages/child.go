package stages

import (
	"bytes"
	"context"
	"encoding/gob"
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

// child is a process of this program that reads one file, because a damaged one
// can kill libhdf5, and with it the process that it is in, or make a library take
// all memory there is.
type child struct {
	q      question
	open   bool // its answer has begun
	cmd    *exec.Cmd
	out    io.ReadCloser
	faults *bytes.Buffer // what it wrote to faultDescriptor, complete once done is closed
	done   chan struct{}
	errors tail // its stderr
}

// startChild asks a child q, whose limits this sets. ctx ends it.
func startChild(ctx context.Context, q question, may means) (*child, error) {
	c, err := newChild(ctx, q, may)
	if err != nil {
		return nil, err
	}
	var asked bytes.Buffer
	if err := gob.NewEncoder(&asked).Encode(c.q); err != nil {
		return nil, errors.Join(err, c.out.Close())
	}
	c.cmd.Stdin = &asked
	return c, c.start()
}

// newChild is a child not yet started, whose stdin is to give it the question.
func newChild(ctx context.Context, q question, may means) (*child, error) {
	memory, cpu, most, err := childLimits(given([]string{q.File}, q.Read.Var), may)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	q.Plan, q.Threads, q.Memory = may.readerMemory(), may.threads, memory
	q.CPU, q.MostCPU = uint64(cpu.Seconds()), uint64((most + q.Add.time()).Seconds())
	c := &child{q: q, faults: &bytes.Buffer{}, done: make(chan struct{})}
	c.cmd = exec.CommandContext(ctx, self, "read", "--threads="+strconv.Itoa(may.threads))
	c.cmd.Stderr = &c.errors
	// Network file systems often cannot lock, and libhdf5 then refuses to open;
	// it reads this before main, and nobody writes to an input. Every thread that
	// calls C would reserve 64 MB for its malloc, which the limit counts as used.
	c.cmd.Env = append(os.Environ(), "HDF5_USE_FILE_LOCKING=FALSE", "MALLOC_ARENA_MAX=2")
	if c.out, err = c.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	widenPipe(c.out)
	return c, nil
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
		return errors.Join(err, c.out.Close())
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
	if told := readFault(c.faults.Bytes(), c.q.File); told != nil {
		return told
	}
	state := c.cmd.ProcessState
	if err == nil && broken == nil {
		return nil
	}
	how, advice := c.death(state, broken), damagedAdvice
	if how == killedBySystem {
		return pipeline.OverMemory("%s: reading it %s: give the job more memory, or raise --memory if it is below what the job has", c.q.File, how)
	}
	if c.starved() {
		advice += ", or raise --memory"
	}
	return pipeline.BadInput("%s: reading it %s: %s", c.q.File, how, advice)
}

// killedBySystem is an end that came from outside.
const killedBySystem = "was killed, by the system for its memory most likely"

// death says how the child ended that told nothing.
func (c *child) death(state *os.ProcessState, broken error) string {
	status, _ := state.Sys().(syscall.WaitStatus)
	used, allowed := state.UserTime()+state.SystemTime(), time.Duration(c.q.CPU)*time.Second
	if c.open {
		allowed = time.Duration(c.q.MostCPU) * time.Second
	}
	killed := status.Signaled() && status.Signal() == syscall.SIGKILL
	switch {
	case killed && used >= allowed*3/4: // what the system says of it runs behind
		return fmt.Sprintf("took more than %v of processor time", allowed)
	case c.starved():
		return fmt.Sprintf("needs more than %d MB of memory", c.q.Memory>>20)
	case killed:
		return killedBySystem
	case status.Signaled() && status.Signal() != syscall.SIGPIPE: // we hung up on that one
		return "crashed (" + status.Signal().String() + ")"
	case c.errors.mentions("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE"):
		return "crashed"
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
