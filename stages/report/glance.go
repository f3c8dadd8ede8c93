package report

import "fmt"

// glance is a line of the summary at the top: one question, one answer.
type glance struct {
	Topic, Word string
	State       state
	Text        string
}

// glances are the page in a few lines.
func (d *Data) glances() []glance {
	all := []glance{d.glanceData(), d.glanceTraining()}
	if d.Batch.given() {
		all = append(all, d.glanceBatches())
	}
	if d.Label.given() {
		all = append(all, d.glanceLabels())
	}
	if d.Check != nil {
		all = append(all, d.Check.glance())
	}
	return all
}

func (d *Data) glanceData() glance {
	f := d.flows()
	g := glance{Topic: "Data", State: good, Word: "complete"}
	g.Text = fmt.Sprintf("%s and %s are in the model.", plural(d.Cells, "cell"), plural(d.Selected, "gene"))
	if f[0].left == 0 {
		g.Text += " No cell was left out."
	} else {
		of := float64(f[0].left) / float64(f[0].read)
		g.Word = "cells left out"
		g.Text += fmt.Sprintf(" %s (%s) were left out.", plural(int(f[0].left), "cell"), percent(of))
		if of > manyLeftOut {
			g.State = fair
		}
	}
	if n := len(d.warnings()); n > 0 {
		g.Word, g.State = plural(n, "warning"), fair
		g.Text += fmt.Sprintf(" %s: see below.", plural(n, "warning"))
	}
	return g
}

func (d *Data) glanceTraining() glance {
	v, _ := d.History.judge()
	states := map[verdict]state{tooShort: unknown, diverged: bad, falling: fair, rising: fair, converged: good}
	g := glance{Topic: "Training", Word: string(v), State: states[v], Text: d.History.judgement()}
	if d.stoppedEarly() {
		g.Text += fmt.Sprintf(" Early stopping ended it after %s.", plural(d.History.Epochs(), "epoch"))
	}
	return g
}

func (d *Data) glanceBatches() glance {
	rows := d.batchRows()
	g := glance{Topic: "Batches", State: worse(rows)}
	if d.Batch.present() < 2 {
		g.State, g.Word, g.Text = unknown, "only one", fmt.Sprintf("%s has one level: there is nothing to mix.", d.Batch.Key)
		return g
	}
	apart, part, well := in(rows, bad), in(rows, fair), in(rows, good)
	switch g.State {
	case good:
		g.Word, g.Text = "mixed", allOrSome(len(well), d.Batch.present(), "batches of "+d.Batch.Key, verb(len(well), "mixes well", "mix well"))
	case fair:
		g.Word, g.Text = "mixed in part", fmt.Sprintf("%d of %d batches of %s %s in part only: %s.", len(part), d.Batch.present(), d.Batch.Key, verb(len(part), "mixes", "mix"), listNames(part))
	case bad:
		g.Word, g.Text = "apart", fmt.Sprintf("%d of %d batches of %s %s apart: %s.", len(apart), d.Batch.present(), d.Batch.Key, stands(len(apart)), listNames(apart))
	case unknown:
		g.Word, g.Text = "cannot be told", cannotTell(rows, "how batches mix")
	}
	g.soften(len(apart), d.Batch.present(), "apart")
	return g
}

// soften takes the alarm back where few levels of many look bad.
func (g *glance) soften(few, of int, what string) {
	if g.State == bad && 4*few < of {
		g.State, g.Word = fair, fmt.Sprintf("%d of %d %s", few, of, what)
	}
}

func (d *Data) glanceLabels() glance {
	rows := d.labelRows()
	g := glance{Topic: "Labels", State: worse(rows)}
	if d.Label.present() < 2 {
		g.State, g.Word, g.Text = unknown, "only one", fmt.Sprintf("%s has one level: there is nothing to separate.", d.Label.Key)
		return g
	}
	mixed, part, well := in(rows, bad), in(rows, fair), in(rows, good)
	switch g.State {
	case good:
		g.Word, g.Text = "separated", allOrSome(len(well), d.Label.present(), "labels of "+d.Label.Key, are(len(well))+" well separated")
	case fair:
		g.Word, g.Text = "overlap", fmt.Sprintf("%d of %d labels of %s %s in part: %s.", len(part), d.Label.present(), d.Label.Key, verb(len(part), "overlaps", "overlap"), listNames(part))
	case bad:
		g.Word, g.Text = "not separated", fmt.Sprintf("%d of %d labels of %s %s not separated: %s.", len(mixed), d.Label.present(), d.Label.Key, are(len(mixed)), listNames(mixed))
	case unknown:
		g.Word, g.Text = "cannot be told", cannotTell(rows, "how labels separate")
	}
	g.soften(len(mixed), d.Label.present(), "not separated")
	return g
}

// allOrSome says of how many of all levels something good is known.
func allOrSome(n, of int, levels, does string) string {
	if n < of {
		return fmt.Sprintf("%d of %d %s %s; of the others it cannot be told.", n, of, levels, does)
	}
	return fmt.Sprintf("The %d %s %s.", of, levels, does)
}

// cannotTell says why nothing is told.
func cannotTell(rows []levelRow, what string) string {
	if len(rows) == 0 {
		return fmt.Sprintf("There are too few cells to tell %s, or the latent is not finite.", what)
	}
	return fmt.Sprintf("It cannot be told %s: the table below says why.", what)
}
