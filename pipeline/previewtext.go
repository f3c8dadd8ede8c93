package pipeline

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// WritePreview writes a Preview for people. memory is the budget; whole says that no
// error ended the list, so that there is something to say of all stages.
func WritePreview(out io.Writer, list []Prospect, memory int64, whole bool) error {
	var b strings.Builder
	for _, x := range list {
		x.write(&b, memory)
	}
	if last := total(list); whole && last != "" {
		fmt.Fprintf(&b, "%s\n", last)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// WritePreviewJSON writes it for machines.
func WritePreviewJSON(out io.Writer, list []Prospect, memory int64) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(map[string]any{"memory_budget": memory, "stages": list})
}

func (x *Prospect) write(b *strings.Builder, memory int64) {
	verdict := map[string]string{StageDone: "is done already", StageRuns: "will run", StageFollows: "will run, or is done already"}[x.Verdict]
	if x.Why != "" {
		verdict += " (" + x.Why + ")"
	}
	fmt.Fprintf(b, "%s: %s\n", x.Stage, verdict)
	if x.Verdict == StageDone {
		x.row(b, "has written", pathsOf(x.Writes, "", "is gone"))
		return
	}
	x.row(b, "reads", pathsOf(x.Reads, "", ""))
	x.row(b, "writes", pathsOf(x.Writes, "in place of what is there", ""))
	if x.Expect == nil {
		x.row(b, "takes", "memory and time are not estimated beforehand: what does not fit --memory is refused before the work begins")
		return
	}
	name := "does"
	for _, text := range x.Expect.Work {
		x.row(b, name, text)
		name = ""
	}
	x.row(b, "memory", x.Expect.memory(memory))
	x.row(b, "time", x.Expect.time())
}

func (*Prospect) row(b *strings.Builder, name, text string) {
	if text != "" {
		fmt.Fprintf(b, "  %-12s %s\n", name, text)
	}
}

// memory says how much, of how much there may be.
func (e *Expectation) memory(budget int64) string {
	text := "not estimated"
	if e.Memory > 0 {
		text = "about " + bytesText(e.Memory)
	}
	if budget > 0 {
		text += " (--memory allows " + bytesText(budget) + ")"
	}
	if e.MemoryNote != "" {
		text += ": " + e.MemoryNote
	}
	return text
}

func (e *Expectation) time() string {
	text := "not estimated"
	if e.Seconds > 0 {
		text = "about " + duration(e.Seconds)
		if e.AtMost {
			text = "at most " + text
		}
	}
	if e.TimeNote != "" {
		text += ": " + e.TimeNote
	}
	return text
}

// total is the time of all stages that run, and which of them are not in it.
func total(list []Prospect) string {
	seconds, runs, unknown := 0.0, 0, []string{}
	for _, x := range list {
		if x.Verdict == StageDone {
			continue
		}
		runs++
		if x.Expect != nil && x.Expect.Seconds > 0 {
			seconds += x.Expect.Seconds
		} else {
			unknown = append(unknown, x.Stage)
		}
	}
	switch {
	case len(list) > 0 && runs == 0:
		return "nothing is left to do"
	case runs < 2 || seconds == 0:
		return ""
	case len(unknown) > 0:
		return "in all: about " + duration(seconds) + ", without " + strings.Join(unknown, ", ")
	}
	return "in all: about " + duration(seconds)
}

// pathsOf lists paths with what stands there now.
func pathsOf(list []PreviewPath, there, missing string) string {
	var texts []string
	for _, p := range list {
		text, notes := p.Path, []string{}
		switch {
		case p.MadeBy != "":
			notes = append(notes, "from "+p.MadeBy)
		case p.There:
			notes = append(notes, bytesText(p.Bytes))
		}
		if p.There && there != "" {
			notes = append(notes, there)
		}
		if !p.There && missing != "" {
			notes = append(notes, missing)
		}
		if len(notes) > 0 {
			text += " (" + strings.Join(notes, ", ") + ")"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// duration is a time as rough as it is known: one digit of seconds, two of more.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case seconds < 0.95:
		return fmt.Sprintf("%.1f s", max(seconds, 0.1))
	case d < 100*time.Second:
		return fmt.Sprintf("%.0f s", seconds)
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// bytesText shows a size.
func bytesText(n int64) string {
	for _, u := range []struct {
		name string
		size float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if float64(n) >= 0.9995*u.size { // what %.3g makes 1000 is 1 of the next
			return fmt.Sprintf("%.3g %s", float64(n)/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// listed is "a", "a and b" or "a, b and c".
func listed(names []string, word string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}
