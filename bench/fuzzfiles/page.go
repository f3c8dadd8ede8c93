package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cellvi/bench/pages"
)

// results are those of a whole run.
type results struct {
	options   *options
	corpus    *corpus
	trials    []tried
	wall      time.Duration
	agreement *agreement // nil: nobody was asked
}

// publish writes the page.
func (r *results) publish() error {
	if r.options.out == "" {
		return r.write(os.Stdout)
	}
	if err := os.MkdirAll(filepath.Dir(r.options.out), 0o777); err != nil {
		return err
	}
	f, err := os.Create(r.options.out)
	if err != nil {
		return err
	}
	if err := r.write(f); err != nil {
		_ = f.Close() // the first error says why
		return err
	}
	return f.Close()
}

func (r *results) write(to io.Writer) error {
	w := bufio.NewWriter(to)
	o := r.options
	fmt.Fprintf(w, "# Damaged files through the real command, %s\n\n", time.Now().Format(time.DateOnly))
	fmt.Fprintf(w, "%d mutations of %d small valid inputs, seed %d, each read by `cellvi inspect --format json` with the default `--memory 1GB`.\n\n",
		len(r.trials), len(r.corpus.samples), o.seed)
	fmt.Fprintf(w, "Reproduce: `make fuzz-files N=%d` (seed %d). Mutation i depends on the seed, i and the inputs alone.\n\n", len(r.trials), o.seed)
	fmt.Fprintf(w, "Machine: %s. cellvi %s. The whole took %s, %d files at a time.\n\n", pages.Machine(), pages.Version(o.bin), r.wall.Round(time.Second), o.workers)
	r.writeVerdict(w)
	r.writeTable(w, "format", func(t *tried) string { return t.sample.format })
	r.writeTable(w, "damage", func(t *tried) string { return t.kind })
	r.writeCosts(w)
	r.writeAgreement(w)
	r.writeInputs(w)
	return w.Flush() // tells every error before
}

// writeVerdict lists the failures, if any.
func (r *results) writeVerdict(w io.Writer) {
	bad := slices.DeleteFunc(slices.Clone(r.trials), func(t tried) bool { return t.outcome != failed })
	fmt.Fprintf(w, "**%d failures.** A failure is a death by signal, a panic, no answer within %v, more than %d MB resident (cellvi and its children together), "+
		"an exit code other than 0, 65, 66 and 137, or a refusal that is not one line.\n\n", len(bad), r.options.limits.wall, r.options.limits.memory/1_000_000)
	for _, t := range bad {
		fmt.Fprintf(w, "- mutation %d of %s (%s): %s\n", t.i, t.sample.name, t.kind, pages.Cell(t.why))
	}
	if len(bad) > 0 {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "right: the fingerprint of the whole file. another answer: another fingerprint, the damage being in counts or names, which nothing guards, "+
		"or in what says where they are. refused: exit code 65 (damaged), 66 (cannot be read), 137 (would need more memory than the budget).\n\n")
}

// writeTable counts outcomes by what name gives.
func (r *results) writeTable(w io.Writer, title string, name func(*tried) string) {
	tally := map[string]map[outcome]int{}
	add := func(row string, o outcome) {
		if tally[row] == nil {
			tally[row] = map[outcome]int{}
		}
		tally[row][o]++
	}
	for k := range r.trials {
		add(name(&r.trials[k]), r.trials[k].outcome)
		add("**all**", r.trials[k].outcome)
	}
	fmt.Fprintf(w, "| %s | mutations |", title)
	for _, o := range outcomes {
		fmt.Fprintf(w, " %s |", o)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("--:|", len(outcomes)+1))
	for _, row := range sortedKeys(tally) {
		line, all := "", 0
		for _, o := range outcomes {
			line += fmt.Sprintf(" %d |", tally[row][o])
			all += tally[row][o]
		}
		fmt.Fprintf(w, "| %s | %d |%s\n", row, all, line)
	}
	fmt.Fprintln(w)
}

// mostSlow is how many of the slowest readings the page names.
const mostSlow = 10

func (r *results) writeCosts(w io.Writer) {
	if len(r.trials) == 0 {
		return
	}
	slow := slices.Clone(r.trials)
	slices.SortStableFunc(slow, func(a, b tried) int { return cmp.Compare(b.seconds, a.seconds) })
	most := slices.MaxFunc(r.trials, func(a, b tried) int { return cmp.Compare(a.rss, b.rss) })
	n := len(slow)
	fmt.Fprintf(w, "Memory, cellvi and its children together: at most %d MB (mutation %d of %s, %s).\n", most.rss/1_000_000, most.i, most.sample.name, most.outcome)
	fmt.Fprintf(w, "Time of one reading: median %.2f s, 99%% under %.2f s, at most %.1f s. The slowest:\n\n", slow[n/2].seconds, slow[n/100].seconds, slow[0].seconds)
	for _, t := range slow[:min(n, mostSlow)] {
		_, told, _ := strings.Cut(firstLine(t.stderr), t.sample.base+": ")
		fmt.Fprintf(w, "- %.1f s: mutation %d of %s (%s), %s: %s\n", t.seconds, t.i, t.sample.name, t.kind, t.outcome, pages.Cell(told))
	}
	fmt.Fprintln(w)
}

func (r *results) writeAgreement(w io.Writer) {
	if r.agreement == nil {
		fmt.Fprintf(w, "Other answers were not compared with another reader: no Python with anndata was named.\n\n")
		return
	}
	a := r.agreement
	fmt.Fprintf(w, "Of the other answers, %d (at most %d of each format and damage) were read by anndata, scanpy or h5py too: %d give the same fingerprint, "+
		"%d are refused by those or not counts to them, %d give another.\n\n", a.asked, mostAsked, a.agree, a.refuse, len(a.differ))
	for _, d := range a.differ {
		fmt.Fprintf(w, "- another: %s\n", d)
	}
	if len(a.differ) > 0 {
		fmt.Fprintln(w)
	}
}

func (r *results) writeInputs(w io.Writer) {
	fmt.Fprintf(w, "Inputs:\n\n")
	for _, s := range r.corpus.samples {
		fmt.Fprintf(w, "- %s (%s)\n", s.name, s.format)
	}
	if len(r.corpus.left) > 0 {
		fmt.Fprintf(w, "\nLeft out:\n\n")
	}
	for _, l := range r.corpus.left {
		fmt.Fprintf(w, "- %s\n", pages.Cell(l))
	}
}
