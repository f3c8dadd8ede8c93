package main

import (
	"fmt"
	"strings"
)

// outcome is what became of a reading.
type outcome string

// The outcomes, in the order of the page.
const (
	right      outcome = "right"
	another    outcome = "another answer"
	refused    outcome = "refused, 65"
	unreadable outcome = "refused, 66"
	overMemory outcome = "refused, 137"
	failed     outcome = "failure"
)

var outcomes = []outcome{right, another, refused, unreadable, overMemory, failed}

// classify says what became of a reading of a file whose fingerprint was want, and,
// of a failure, why it is one.
func (t *trial) classify(want string, l limits) (o outcome, why string) {
	if why := t.fault(l); why != "" {
		return failed, why
	}
	switch t.code {
	case 0:
		if t.answer.print() == want {
			return right, ""
		}
		return another, ""
	case 65:
		return refused, ""
	case 66:
		return unreadable, ""
	}
	return overMemory, ""
}

// fault is what no damage to a file excuses; "" where there is none.
func (t *trial) fault(l limits) string {
	switch {
	case t.late:
		return fmt.Sprintf("no answer after %v", l.wall)
	case t.signal != 0:
		return "ended by a signal: " + t.signal.String()
	case strings.Contains(t.stderr, "panic:") || strings.Contains(t.stderr, "goroutine ") || strings.Contains(t.stderr, "bug in cellvi"):
		return "a panic: " + firstLine(t.stderr)
	case t.code != 0 && t.code != 65 && t.code != 66 && t.code != 137:
		return fmt.Sprintf("exit code %d: %s", t.code, firstLine(t.stderr))
	case t.rss > l.memory:
		return fmt.Sprintf("%d MB were resident", t.rss/1_000_000)
	case t.code == 0 && (t.noise || t.answer.Fingerprint == nil || t.answer.Refuse != nil):
		return "exit code 0 without a fingerprint"
	case t.code != 0 && !oneLine(t.stderr):
		return fmt.Sprintf("%d lines to stderr: %s", strings.Count(t.stderr, "\n"), firstLine(t.stderr))
	}
	return ""
}

// oneLine tells whether a refusal is one line of cellvi's.
func oneLine(stderr string) bool {
	return strings.HasPrefix(stderr, "cellvi: ") && strings.Count(stderr, "\n") == 1 && strings.HasSuffix(stderr, "\n")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
