package counts

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// operator finds the operator of a condition: the words have space on both sides,
// and those about missing values end the condition.
var operator = regexp.MustCompile(`==|!=|<=|>=|<|>|=|\s+is\s+not\s+missing$|\s+is\s+missing$|\s+not\s+in\s+|\s+in\s+`)

// symbol finds what looks like an operator in a value.
var symbol = regexp.MustCompile(`[=<>]|!=`)

// ops are the operators by their words, single spaces between them.
var ops = map[string]keepOp{
	"==": opEqual, "!=": opUnequal, "<": opLess, "<=": opAtMost, ">": opMore, ">=": opAtLeast,
	"in": opIn, "not in": opNotIn, "is missing": opMissing, "is not missing": opNotMissing,
}

// ParseKeep reads a condition; see Keep for how it is written. Its errors are of
// what the user typed, not of a file.
func ParseKeep(expr string) (*Keep, error) {
	k := &Keep{expr: strings.TrimSpace(expr)}
	if k.expr == "" {
		return nil, errors.New("the condition is empty: write COLUMN == VALUE")
	}
	if err := k.parse(); err != nil {
		return nil, fmt.Errorf("condition %s: %w", Printable(k.expr), err)
	}
	return k, nil
}

func (k *Keep) parse() error {
	switch {
	case !utf8.ValidString(k.expr):
		return errors.New("it is not valid UTF-8")
	case opensQuote(k.expr):
		return k.parseQuoted()
	}
	at := operator.FindStringIndex(k.expr)
	if at == nil {
		return k.parseBoolean()
	}
	k.column = strings.TrimSpace(k.expr[:at[0]])
	if k.column == "" {
		return errors.New("no column before the operator")
	}
	if _, not := cutNot(k.column); not {
		return errors.New("not goes before a boolean column alone: write COLUMN != VALUE, COLUMN not in A,B or COLUMN is not missing, and quote a column whose name begins with not")
	}
	return k.parseRest(k.expr[at[0]:at[1]], k.expr[at[1]:])
}

// parseQuoted reads a condition that begins with a quoted column.
func (k *Keep) parseQuoted() error {
	column, rest, err := cutQuoted(k.expr)
	if err != nil {
		return err
	}
	k.column, k.op = column, opTrue
	if rest == "" {
		return nil
	}
	rest = " " + rest // words need no space after a quote
	at := operator.FindStringIndex(rest)
	if at == nil || at[0] > 1 {
		return errors.New("no operator after the quoted column: write ==, !=, <, <=, >, >=, in, not in, is missing or is not missing")
	}
	return k.parseRest(rest[at[0]:at[1]], rest[at[1]:])
}

// parseBoolean reads COLUMN or not COLUMN.
func (k *Keep) parseBoolean() error {
	column, not := cutNot(k.expr)
	if k.op = opTrue; not {
		k.op = opFalse
	}
	values, err := parseValues(column, false)
	if err != nil {
		return err
	}
	k.column = values[0]
	return nil
}

// cutNot is what follows a leading not.
func cutNot(s string) (rest string, not bool) {
	rest, not = strings.CutPrefix(s, "not")
	if trimmed := strings.TrimSpace(rest); not && trimmed != rest && trimmed != "" || not && opensQuote(rest) {
		return trimmed, true
	}
	return s, false
}

// parseRest reads the operator and its values.
func (k *Keep) parseRest(op, values string) (err error) {
	op = strings.Join(strings.Fields(op), " ")
	var known bool
	if k.op, known = ops[op]; !known {
		return errors.New("= is no operator: write ==")
	}
	values = strings.TrimSpace(values)
	switch {
	case !k.op.compares():
		return nil
	case values == "":
		return fmt.Errorf("nothing after %s: write a value, '' for the empty text", op)
	case k.op != opIn && k.op != opNotIn:
		k.values, err = parseValues(values, false)
	case strings.ContainsAny(values[:1], "[("):
		return fmt.Errorf("write the values after %s without brackets, as A,B: quote a value that begins with one", op)
	default:
		k.values, err = parseValues(values, true)
	}
	return err
}

// parseValues reads one value, or several between commas.
func parseValues(s string, list bool) (values []string, err error) {
	for {
		value, rest := s, ""
		quoted := opensQuote(s)
		if quoted {
			value, rest, err = cutQuoted(s)
		} else if comma := strings.IndexByte(s, ','); list && comma >= 0 {
			value, rest = strings.TrimSpace(s[:comma]), s[comma:]
		}
		switch {
		case err != nil:
			return nil, err
		case value == "" && !quoted:
			return nil, errors.New("an empty value between commas: leave it out, or write '' for the empty text")
		case !quoted && symbol.MatchString(value):
			return nil, fmt.Errorf("a second operator in %s: give each condition by itself (all of them are to be met), or quote what holds an operator", Printable(value))
		case rest != "" && (!list || rest[0] != ','):
			return nil, fmt.Errorf("%s follows a closed quote: double a quote that is meant, as in 'it''s'", Printable(rest))
		}
		values = append(values, value)
		if rest == "" {
			return values, nil
		}
		s = strings.TrimSpace(rest[1:])
	}
}

func opensQuote(s string) bool { return s != "" && (s[0] == '\'' || s[0] == '"') }

// cutQuoted reads the quoted text at the beginning of s, and trims what follows it.
func cutQuoted(s string) (text, rest string, err error) {
	quote := s[:1]
	var b strings.Builder
	for rest = s[1:]; ; {
		part, after, closed := strings.Cut(rest, quote)
		if !closed {
			return "", "", fmt.Errorf("the quote %s is not closed", quote)
		}
		b.WriteString(part)
		if !strings.HasPrefix(after, quote) {
			return b.String(), strings.TrimSpace(after), nil
		}
		b.WriteString(quote)
		rest = after[1:]
	}
}
