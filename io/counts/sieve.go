package counts

import (
	"fmt"
	"strings"
)

// KeepReport tells what one of several conditions left out.
type KeepReport struct {
	Expr    string // the condition
	N       int64  // cells or genes that it left out, of those that met all conditions before it
	Missing int64  // of these, those without a value
}

// sieve applies conditions to the rows of frames and counts what they leave out.
type sieve struct {
	tests  []keepTest
	report []KeepReport
	seen   int64
	rows   []int // kept of the last frame
}

// newSieve binds the conditions to a frame's columns.
func newSieve(keeps []*Keep, header *Frame, of annotated, file string) (*sieve, error) {
	s := &sieve{}
	for _, k := range keeps {
		t, err := k.bind(header, of, file)
		if err != nil {
			return nil, err
		}
		s.tests = append(s.tests, t)
		s.report = append(s.report, KeepReport{Expr: k.expr})
	}
	return s, nil
}

// sift gives the rows of f that meet every condition; they hold until the next call.
func (s *sieve) sift(f *Frame) []int {
	columns := make([]*Column, len(s.tests))
	for i, t := range s.tests {
		if t.column >= 0 {
			columns[i] = &f.Columns[t.column]
		} else {
			columns[i] = &Column{Kind: String, Strings: f.Names}
		}
	}
	s.rows = s.rows[:0]
	for row := range f.Names {
		if s.keeps(columns, row) {
			s.rows = append(s.rows, row)
		}
	}
	s.seen += int64(f.Len())
	return s.rows
}

// keeps tells whether a row meets every condition, and counts the first it does not.
func (s *sieve) keeps(columns []*Column, row int) bool {
	for i := range s.tests {
		t, r := &s.tests[i], &s.report[i]
		missing := columns[i].IsMissing(row)
		if missing && t.missing || !missing && t.pass(columns[i], row) {
			continue
		}
		r.N++
		if missing {
			r.Missing++
		}
		return false
	}
	return true
}

// left is the number of rows kept so far.
func (s *sieve) left() int64 {
	left := s.seen
	for _, r := range s.report {
		left -= r.N
	}
	return left
}

// notes are what is odd about the conditions.
func (s *sieve) notes() []string {
	var notes []string
	for _, t := range s.tests {
		if t.note != "" {
			notes = append(notes, t.note)
		}
	}
	return notes
}

// nothingLeft is the error where rows came and none was kept; else nil. what is
// "cell" or "gene".
func (s *sieve) nothingLeft(what string, of annotated, file string) error {
	if s.seen == 0 || s.left() > 0 {
		return nil
	}
	var said []string
	for i, r := range s.report {
		if r.N == 0 {
			continue
		}
		text := fmt.Sprintf("%s left out by %s", Thousands(r.N), r.Expr)
		if r.Missing > 0 && s.tests[i].compares {
			text += fmt.Sprintf(" (%s of them without a value)", Thousands(r.Missing))
		}
		said = append(said, text)
	}
	return &InputError{File: file, Place: of.place, Advice: "check the conditions",
		Found: fmt.Sprintf("no %s of %s is kept: %s", what, Thousands(s.seen), strings.Join(said, ", "))}
}
