package counts

import "testing"

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"CD4+ T, naïve":  "CD4+ T, naïve",
		"ц1\U0001F600":   "ц1\U0001F600",
		`a "b" \c`:       `a "b" \c`,
		"":               "",
		"a\nb":           `"a\nb"`,
		"\x1b[31mred":    `"\x1b[31mred"`,
		"\x9b2J":         `"\x9b2J"`, // not UTF-8
		"abc\u202etxt":   `"abc\u202etxt"`,
		"line\u2028next": `"line\u2028next"`,
	} {
		if got := Printable(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// TestInputErrorIsOneLine: whatever a file holds, the line stays one line, and
// what is printable in it stays as it is.
func TestInputErrorIsOneLine(t *testing.T) {
	e := &InputError{File: "a\tb.h5ad", Place: "obs column x\ny", Found: "\xffé \x1b[2J " + Printable("q\n"), Advice: "give \"it\""}
	if got, want := e.Error(), `a\tb.h5ad: obs column x\ny: \xffé \x1b[2J "q\n": give "it"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
