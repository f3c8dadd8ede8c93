package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// longest is the time that no case takes: then it hangs.
const longest = time.Minute

// call is a command to run.
type call struct {
	argv   []string
	env    []string // beside the environment
	stdout *os.File // nil: nowhere
	stderr *os.File // nil: kept in ended
}

// ended is how a command ended.
type ended struct {
	code   int            // exit code; -1: ended by a signal, or not started
	signal syscall.Signal // that ended it
	late   bool           // it had to be ended
	stderr string
	took   time.Duration
}

// process is a command that runs.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	began  time.Time
	cancel context.CancelFunc
}

// start starts a command in a process group of its own, which is ended when ctx is done.
func start(ctx context.Context, c call) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	p := &process{began: time.Now(), cancel: cancel}
	p.cmd = exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
	p.cmd.WaitDelay = 5 * time.Second
	// Signals by which Go interrupts its own threads would stop them under strace again and again.
	p.cmd.Env = append(append(os.Environ(), "GODEBUG=asyncpreemptoff=1"), c.env...)
	p.cmd.Stderr = &p.stderr
	if c.stderr != nil {
		p.cmd.Stderr = c.stderr
	}
	if c.stdout != nil {
		p.cmd.Stdout = c.stdout
	}
	if err := p.cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	return p, nil
}

// wait waits for its end, and ends what it started and left.
func (p *process) wait() *ended {
	defer p.cancel()
	waited := p.cmd.Wait()
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // most often nobody is left
	e := &ended{code: p.cmd.ProcessState.ExitCode(), stderr: p.stderr.String(), took: time.Since(p.began)}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.signal = status.Signal()
	}
	e.late = e.took >= longest
	var exit *exec.ExitError
	if waited != nil && !errors.As(waited, &exit) {
		e.stderr += waited.Error()
	}
	return e
}

// signal sends a signal to the command; that it is over is no fault.
func (p *process) signal(s syscall.Signal) { _ = syscall.Kill(p.cmd.Process.Pid, s) }

// children are the processes that a process started.
func children(pid int) []int {
	var all []int
	proc := "/proc/" + strconv.Itoa(pid) + "/task"
	tasks, _ := os.ReadDir(proc) // none where it is over
	for _, task := range tasks {
		text, _ := os.ReadFile(proc + "/" + task.Name() + "/children")
		for _, field := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(field); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// how says how it ended.
func (e *ended) how() string {
	switch {
	case e.late:
		return fmt.Sprintf("no end after %v", longest)
	case e.signal != 0:
		return "ended by " + e.signal.String()
	case e.stderr == "":
		return fmt.Sprintf("exit code %d", e.code)
	}
	return fmt.Sprintf("exit code %d: %s", e.code, strings.TrimSpace(e.stderr))
}

// sound is the error of an end that nothing excuses: a panic, a death that nobody asked for.
func (e *ended) sound() error {
	panicked := strings.Contains(e.stderr, "panic:") || strings.Contains(e.stderr, "goroutine ") || strings.Contains(e.stderr, "bug in cellvi")
	if panicked || e.late || e.signal != 0 || e.code == 2 || e.code == 70 {
		return errors.New(e.how())
	}
	return nil
}

// refused is nil where it ended with one of these codes and one line.
func (e *ended) refused(codes ...int) error {
	switch err := e.sound(); {
	case err != nil:
		return err
	case !slices.Contains(codes, e.code):
		return fmt.Errorf("wanted exit code %v, got %s", codes, e.how())
	case !oneLine(e.stderr):
		return fmt.Errorf("%d lines to stderr: %s", strings.Count(e.stderr, "\n"), e.how())
	}
	return nil
}

// says is an error where the words are not in what it said.
func (e *ended) says(words ...string) error {
	for _, w := range words {
		if !strings.Contains(e.stderr, w) {
			return fmt.Errorf("does not say %q: %s", w, e.how())
		}
	}
	return nil
}

// oneLine tells whether a refusal is one line of cellvi's.
func oneLine(stderr string) bool {
	return strings.HasPrefix(stderr, "cellvi: ") && strings.Count(stderr, "\n") == 1 && strings.HasSuffix(stderr, "\n")
}
