package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// trial is one reading.
type trial struct {
	code    int            // exit code; -1: ended by a signal, or not started
	signal  syscall.Signal // that ended it
	late    bool           // over the limit of time
	stderr  string
	answer  answer
	noise   bool  // stdout is no JSON though the exit code is 0
	rss     int64 // bytes, the most that it and its children had at a time
	seconds float64
}

// answer is what `inspect --format json` says, as far as it is looked at.
type answer struct {
	Fingerprint *string
	Refuse      *string
	Matrices    []struct{ Name, Problem string }
}

// print is the fingerprint; "" where there is none.
func (a *answer) print() string {
	if a.Fingerprint == nil {
		return ""
	}
	return *a.Fingerprint
}

// readAs runs cellvi over a file. It and its children are ended at the limit.
func readAs(ctx context.Context, o *options, path string, args []string) *trial {
	ctx, cancel := context.WithTimeout(ctx, o.limits.wall)
	defer cancel()
	c := exec.Command(o.bin, commandOf(path, args)[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, talk bytes.Buffer
	c.Stdout, c.Stderr = &out, &talk
	began := time.Now()
	if err := c.Start(); err != nil {
		return &trial{code: -1, stderr: err.Error()}
	}
	over, most := make(chan struct{}), make(chan int64)
	go func() { most <- watch(ctx, c.Process.Pid, over) }()
	waited := c.Wait()
	close(over)
	t := &trial{code: c.ProcessState.ExitCode(), stderr: talk.String(), rss: <-most, seconds: time.Since(began).Seconds(), late: ctx.Err() != nil}
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // most often nobody is left
	t.take(c.ProcessState, waited)
	t.noise = json.Unmarshal(out.Bytes(), &t.answer) != nil && t.code == 0
	return t
}

// commandOf is the command line, as a person would write it.
func commandOf(path string, args []string) []string {
	return append(append([]string{"cellvi", "inspect", "--format", "json"}, args...), path)
}

// take looks at how the process ended. The kernel's figure is the highest of any
// one process, the watch's the highest sum that it met.
func (t *trial) take(state *os.ProcessState, waited error) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		t.signal = status.Signal()
	}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		t.rss = max(t.rss, usage.Maxrss<<10)
	}
	var exit *exec.ExitError
	if waited != nil && !errors.As(waited, &exit) {
		t.stderr += waited.Error()
	}
}

// watch adds up the resident memory of a process and its children until over is
// closed, and gives the most. It ends them all when ctx is done.
func watch(ctx context.Context, pid int, over <-chan struct{}) (most int64) {
	ticks := time.NewTicker(25 * time.Millisecond)
	defer ticks.Stop()
	done := ctx.Done()
	for {
		select {
		case <-over:
			return most
		case <-done:
			_ = syscall.Kill(-pid, syscall.SIGKILL) // it may be over
			done = nil
		case <-ticks.C:
			most = max(most, residentOf(pid))
		}
	}
}

// residentOf is the resident memory of a process and its descendants, in bytes.
func residentOf(pid int) int64 {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	statm, err := os.ReadFile(filepath.Join(proc, "statm"))
	if err != nil {
		return 0 // it is over
	}
	var sum int64
	if fields := strings.Fields(string(statm)); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64) // 0 where it is no number
		sum = pages * int64(os.Getpagesize())
	}
	tasks, _ := filepath.Glob(filepath.Join(proc, "task", "*", "children")) // the pattern is right
	for _, task := range tasks {
		children, _ := os.ReadFile(task) // none where the thread is over
		for _, child := range strings.Fields(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				sum += residentOf(n)
			}
		}
	}
	return sum
}
