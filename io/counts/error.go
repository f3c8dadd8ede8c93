package counts

import "strings"

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
