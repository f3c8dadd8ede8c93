package pipeline

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic that Guard caught: a bug of ours, exit 70.
type PanicError struct {
	Value any    // what was panicked with
	Stack []byte // for the log at the debug level
}

// Error is one line.
func (e *PanicError) Error() string {
	return fmt.Sprintf("this is a bug in cellvi: %v: please report it with the command, its input's `cellvi inspect`, and what it says with CELLVI_DEBUG=1", e.Value)
}

// Guard runs work and returns a panic in it as a *PanicError. Each goroutine of
// a stage runs under Guard: a panic outside it ends the process with Go's exit
// code 2, which nothing of cellvi may give. What no Go program can catch (a
// fatal fault in C, memory that the system refuses) ends so still; that is why
// HDF5 is read in a child process and memory is checked before it is taken.
func Guard(work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return work()
}
