package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// The exit codes. Workflow engines retry 130 to 145, so a user's mistake never
// falls there; nothing exits 1 or 2.
const (
	ExitDone        = 0
	ExitUsage       = 64  // wrong flags or configuration
	ExitBadInput    = 65  // an input's content
	ExitNoInput     = 66  // an input is missing or unreadable
	ExitBug         = 70  // ours
	ExitCantCreate  = 73  // an output cannot be made
	ExitIO          = 74  // input or output failed, or the disk is full
	ExitInterrupted = 75  // stopped by a signal, run again
	ExitDiverged    = 76  // training produced numbers that are not finite
	ExitOverMemory  = 137 // would not fit the memory budget
)

// Error is an error whose exit code is known.
type Error struct {
	Code int
	Err  error
}

// Error is the one line for the user.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Usage is a mistake in flags or configuration: exit 64.
func Usage(format string, args ...any) error { return coded(ExitUsage, format, args) }

// BadInput is a fault of an input's content: exit 65.
func BadInput(format string, args ...any) error { return coded(ExitBadInput, format, args) }

// NoInput is an input that is missing or cannot be opened: exit 66.
func NoInput(format string, args ...any) error { return coded(ExitNoInput, format, args) }

// CantCreate is an output that cannot be made: exit 73.
func CantCreate(format string, args ...any) error { return coded(ExitCantCreate, format, args) }

// IO is reading or writing that failed on the way: exit 74.
func IO(format string, args ...any) error { return coded(ExitIO, format, args) }

// Interrupted is a stop by a signal after what is worth keeping was saved:
// exit 75.
func Interrupted(format string, args ...any) error { return coded(ExitInterrupted, format, args) }

// Diverged is training that went to infinity or NaN: exit 76.
func Diverged(format string, args ...any) error { return coded(ExitDiverged, format, args) }

// OverMemory is work that would not fit the budget, said before it is begun:
// exit 137.
func OverMemory(format string, args ...any) error { return coded(ExitOverMemory, format, args) }

func coded(code int, format string, args []any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// ExitCode is the exit code of an error that came up to main; 0 for nil.
// What no rule knows is a bug of ours.
func ExitCode(err error) int {
	var known *Error
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &known):
		return known.Code
	case isInterrupt(err):
		return ExitInterrupted
	case isDiskTrouble(err):
		return ExitIO
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return ExitNoInput
	case isSystem(err):
		return ExitIO
	}
	return ExitBug
}

func isInterrupt(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// isDiskTrouble tells a device that is full, broken or over quota. EFBIG is
// what a limit on file sizes (ulimit -f) answers.
func isDiskTrouble(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EFBIG} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// isSystem tells an error of the operating system.
func isSystem(err error) bool {
	var path *fs.PathError
	var number syscall.Errno
	return errors.As(err, &path) || errors.As(err, &number)
}

// createError says why the output at path was not made, where the fault is the
// system's. What a writer says of its own (an Error, bad input, an interrupt)
// stays as it is.
func createError(path string, err error) error {
	var known *Error
	switch {
	case errors.As(err, &known), isInterrupt(err), !isSystem(err):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return IO("%s: the disk is full (%w): free some space there, or name another folder, and run the same command again: finished stages are kept", path, cause(err))
	case isDiskTrouble(err):
		return IO("%s: writing did not work (%w): check the disk and its limits, and run the same command again", path, cause(err))
	}
	return CantCreate("%s: cannot be made (%w): check that its folder can be written to, or name another folder", path, cause(err))
}

// CannotWrite says of an error in writing the file path, which is none of Publish's, what
// to do; nil stays nil.
func CannotWrite(path string, err error) error {
	if err == nil {
		return nil
	}
	return createError(path, err)
}

// writeError is createError for what a writer returned: its error may as well
// be about a file that it read, and then stays as it is.
func writeError(path string, err error) error {
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
	if full || isAbout(err, temporary(path)) {
		return createError(path, err)
	}
	return err
}

// isAbout tells whether the system's error names path or a file under it.
func isAbout(err error, path string) bool {
	var one *fs.PathError
	if errors.As(err, &one) {
		return strings.HasPrefix(one.Path, path)
	}
	var two *os.LinkError
	return errors.As(err, &two) && (strings.HasPrefix(two.Old, path) || strings.HasPrefix(two.New, path))
}

// Explain puts the system's word that a file is not there or may not be read
// into a sentence that says what to do. Other errors stay as they are.
func Explain(err error) error {
	var path *fs.PathError
	var known *Error
	switch {
	case errors.As(err, &known) || !errors.As(err, &path):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return NoInput("%s: there is no such file or folder: check the name, or run the stage that makes it first", path.Path)
	case errors.Is(err, fs.ErrPermission):
		return NoInput("%s: may not be read: check its permissions", path.Path)
	}
	return err
}

// cause is the system's own word in an error, without the temporary's name.
func cause(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}
