package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestExitCode(t *testing.T) {
	path := func(e error) error { return &fs.PathError{Op: "open", Path: "x", Err: e} }
	cases := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{Usage("x"), 64},
		{BadInput("x"), 65},
		{NoInput("x"), 66},
		{path(syscall.ENOENT), 66},
		{path(syscall.EACCES), 66},
		{errors.New("x"), 70},
		{Guard(func() error { panic("x") }), 70},
		{CantCreate("x"), 73},
		{IO("x"), 74},
		{path(syscall.ENOSPC), 74},
		{fmt.Errorf("wrapped: %w", syscall.EIO), 74},
		{path(syscall.EMFILE), 74},
		{context.Canceled, 75},
		{fmt.Errorf("wrapped: %w", Interrupted("x")), 75},
		{Diverged("x"), 76},
		{OverMemory("x"), 137},
		{errors.Join(BadInput("x"), syscall.ENOSPC), 65},
	}
	for _, c := range cases {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
}

func TestGuard(t *testing.T) {
	err := Guard(func() error { var m map[string]int; m["x"] = 1; return nil })
	var bug *PanicError
	if !errors.As(err, &bug) || strings.Contains(err.Error(), "\n") || !strings.Contains(string(bug.Stack), "TestGuard") {
		t.Errorf("got %v", err)
	}
	if err := Guard(func() error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestExplain(t *testing.T) {
	err := Explain(&fs.PathError{Op: "open", Path: "cells.h5ad", Err: syscall.ENOENT})
	if ExitCode(err) != ExitNoInput || !strings.HasPrefix(err.Error(), "cells.h5ad: there is no such file") {
		t.Error(err)
	}
}

func TestMemory(t *testing.T) {
	if MachineMemory() < 1<<20 {
		t.Errorf("the machine has %d bytes", MachineMemory())
	}
	if PeakMemory() < 1<<20 {
		t.Errorf("the peak is %d bytes", PeakMemory())
	}
}
