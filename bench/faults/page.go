package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cellvi/bench/pages"
)

// publish writes the page.
func (r *results) publish() error {
	if r.options.results == "" {
		return nil
	}
	var b bytes.Buffer
	r.writePage(&b)
	if err := os.MkdirAll(filepath.Dir(r.options.results), 0o777); err != nil {
		return err
	}
	return os.WriteFile(r.options.results, b.Bytes(), 0o666)
}

func (r *results) writePage(w io.Writer) {
	fmt.Fprintf(w, "# Faults, %s\n\n", r.began.Format(time.DateOnly))
	fmt.Fprintf(w, "`go run ./bench/faults -seed %d -scale %g`, cellvi %s, on %s.\n\n", r.options.seed, r.options.scale, pages.Version(r.options.bin), pages.Machine())
	fmt.Fprintf(w, "A run of 300 cells × 50 genes, 3 epochs of 3 minibatches, a checkpoint after each; undisturbed it takes %.2f s and has %d system calls on files, at %d places. ",
		r.lab.took.Seconds(), occurrences(r.lab.first), len(r.lab.first))
	fmt.Fprintf(w, "After each fault the same command runs again without it, and the SHA-256 of every output is compared with the undisturbed run's "+
		"(report.html and run.json hold times: that they are whole is checked).\n\n")
	fmt.Fprintf(w, "**%d cases lost something.**\n\n| kind | what | points | outcomes | seconds |\n|---|---|--:|---|--:|\n", r.lost())
	for _, k := range kinds() {
		if _, was := r.took[k.name]; was {
			r.writeKind(w, k)
		}
	}
	fmt.Fprintf(w, "\nOutcomes in parentheses are no points: the fault did not come about.\n")
	for _, t := range r.tried {
		if t.err != nil {
			fmt.Fprintf(w, "\n- lost: %s: %s: %s", t.kind, t.name, oneLineOf(t.err))
		}
	}
	if r.lost() > 0 {
		fmt.Fprintln(w)
	}
}

// writeKind is a kind's row.
func (r *results) writeKind(w io.Writer, k kind) {
	counts, points := map[string]int{}, 0
	for _, t := range r.tried {
		if t.kind != k.name {
			continue
		}
		counts[t.outcome]++
		if !strings.HasPrefix(t.outcome, "-") {
			points++
		}
	}
	var outcomes []string
	for _, o := range sortedKeys(counts) {
		text := fmt.Sprintf("%d %s", counts[o], o)
		if no, is := strings.CutPrefix(o, "- "); is {
			text = fmt.Sprintf("(%d %s)", counts[o], no)
		}
		outcomes = append(outcomes, text)
	}
	fmt.Fprintf(w, "| %s | %s | %d | %s | %.0f |\n", k.name, pages.Cell(k.what), points, pages.Cell(strings.Join(outcomes, "; ")), r.took[k.name].Seconds())
}
