package counts

import (
	"fmt"
	"strings"
)

// InputError is a fault of the user's data, said in one line:
// file, place inside it, what was found, what to do.
type InputError struct {
	File   string // as the user gave it
	Place  string // inside the file: "/X/indptr", "obs column sample"; may be empty
	Found  string // expected and found
	Advice string // what to do; may be empty
}

// Error is the one line: what the file holds of control characters is escaped.
func (e *InputError) Error() string {
	parts := []string{}
	for _, p := range []string{e.File, e.Place, e.Found} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	s := strings.Join(parts, ": ")
	if e.Advice != "" {
		s += ": " + e.Advice
	}
	return escape(s)
}

// MemoryError is an input that cannot be read within the memory that the reader
// may take, said before the memory is taken.
type MemoryError struct {
	File   string // as the user gave it
	Place  string // inside the file; may be empty
	Found  string // what is too large: "one chunk holds all 50000 × 20000 values"
	Need   int64  // bytes
	Allow  int64  // bytes that the reader may take
	Advice string // besides raising the budget; may be empty
}

// Error is the one line.
func (e *MemoryError) Error() string {
	advice := "raise --memory"
	if e.Advice != "" {
		advice += ", or " + e.Advice
	}
	return (&InputError{File: e.File, Place: e.Place, Advice: advice,
		Found: fmt.Sprintf("%s: reading it needs %s MB, the reader may take %s MB", e.Found, Thousands(e.Need/1e6+1), Thousands(e.Allow/1e6))}).Error()
}
