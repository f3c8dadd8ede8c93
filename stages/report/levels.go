package report

import (
	"fmt"
	"math"
	"slices"
)

// state is how something looks: said in words, coloured beside.
type state string

// The states, worst first.
const (
	bad     state = "bad"  // look here
	fair    state = "fair" // could be better
	unknown state = "few"  // cannot be told
	good    state = "good"
)

// Above these shares of what full mixing would give, or of neighbours that have
// the same label, a level is called good, or fair. They are this page's own: the
// scores beside them have no thresholds that hold for all data.
const (
	goodShare = 0.8
	fairShare = 0.5
)

// levelRow is a level in the tables of mixing and separation.
type levelRow struct {
	Name, Cells        string
	Observed, Expected string
	Bar                int // observed of expected, 0 … 100
	State              state
	Reading            string
	name               string
}

// batchRows say of each batch how it mixes with the others; those that stand apart first.
func (d *Data) batchRows() []levelRow {
	if d.scores == nil {
		return nil
	}
	var rows []levelRow
	for _, l := range d.scores.batches {
		r := newRow(&d.Batch, l)
		best := l.best()
		r.Observed, r.Expected = share(l.observed), share(best)
		r.State, r.Reading = l.mixing(d.Label.given() && len(d.scores.labels) > 0)
		if best > 0 {
			r.Bar = hundredths(l.observed / best)
		}
		rows = append(rows, r)
	}
	return worstFirst(rows)
}

// best is the share of neighbours from other batches that full mixing gives: within
// labels, where they are known, for a cell type that one batch alone has cannot mix.
func (l levelScore) best() float64 {
	if !math.IsNaN(l.within) {
		return l.within
	}
	return l.expected
}

// mixing reads a batch's shares.
func (l levelScore) mixing(labels bool) (state, string) {
	if l.measured < fewestCells {
		return unknown, "too few cells to tell"
	}
	if l.best() < 0.05 {
		return unknown, "cannot be told: nearly all of its cells have labels that no other batch has"
	}
	alone := ""
	if l.own >= 0.1 {
		alone = fmt.Sprintf("; %s of its cells have a label that hardly occurs elsewhere, and need not mix", percent(l.own))
	}
	switch r := l.observed / l.best(); {
	case r >= goodShare:
		return good, "mixes well" + alone
	case r >= fairShare:
		return fair, "mixes in part" + alone
	case labels:
		return bad, "stands apart, from cells of the same label too" + alone
	}
	return bad, "stands apart: look whether it has cell types that the others do not have"
}

// labelRows say of each label how well it is separated; those that are not first.
func (d *Data) labelRows() []levelRow {
	if d.scores == nil {
		return nil
	}
	var rows []levelRow
	for _, l := range d.scores.labels {
		r := newRow(&d.Label, l)
		r.Observed, r.Expected, r.Bar = share(l.observed), share(l.expected), hundredths(l.observed)
		r.State, r.Reading = l.separation(d.Label.Levels)
		rows = append(rows, r)
	}
	return worstFirst(rows)
}

// separation reads a label's shares.
func (l levelScore) separation(names []string) (state, string) {
	if l.measured < fewestCells {
		return unknown, "too few cells to tell"
	}
	near := ""
	if l.toward >= 0 && l.strays >= 0.05 {
		near = fmt.Sprintf(": %s of its cells' neighbours are %s", percent(l.strays), shortName(names[l.toward]))
	}
	switch {
	case l.observed >= goodShare:
		return good, "well separated"
	case l.observed >= fairShare:
		return fair, "overlaps with others" + near
	}
	return bad, "not separated" + near
}

func newRow(g *Grouping, l levelScore) levelRow {
	return levelRow{Name: g.Levels[l.code], Cells: thousands(int64(g.Cells[l.code])), name: g.Levels[l.code]}
}

// worstFirst sorts by state and keeps the levels' order within.
func worstFirst(rows []levelRow) []levelRow {
	order := []state{bad, fair, unknown, good}
	slices.SortStableFunc(rows, func(a, b levelRow) int {
		return slices.Index(order, a.State) - slices.Index(order, b.State)
	})
	return rows
}

// in are the names of the rows in a state.
func in(rows []levelRow, s state) (names []string) {
	for _, r := range rows {
		if r.State == s {
			names = append(names, r.name)
		}
	}
	return names
}

// share writes a share of a few thousand neighbours; a dash where there is none.
func share(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.0f%%", 100*v)
}

func hundredths(v float64) int {
	if math.IsNaN(v) {
		return 0
	}
	return int(math.Round(100 * min(1, max(0, v))))
}

// scoreRow is one of the scores of all cells.
type scoreRow struct {
	Name, Value, Says string
	Bar               int
}

// scoreRows are the scores that could be computed.
func (d *Data) scoreRows() (rows []scoreRow) {
	if d.scores == nil {
		return nil
	}
	for _, r := range []struct {
		name  string
		value float64
		says  string
	}{
		{"iLISI", d.scores.iLISI, "Batches around a cell: 0, only its own; 1, all in equal parts."},
		{"Batch ASW", d.scores.silhouetteBatch, "Batches within a label: 1, they cannot be told apart; lower, they lie apart."},
		{"cLISI", d.scores.cLISI, "Labels around a cell: 1, only its own; 0, all in equal parts."},
		{"Label ASW", d.scores.silhouetteLabel, "Labels as clusters: above 0.5, closer to their own than to the next; 0.5, no clusters."},
	} {
		if !math.IsNaN(r.value) {
			rows = append(rows, scoreRow{r.name, fmt.Sprintf("%.3f", r.value), r.says, hundredths(r.value)})
		}
	}
	return rows
}

// measuredOn says what the scores are of.
func (d *Data) measuredOn() string {
	if d.scores == nil {
		return ""
	}
	if d.scores.cells >= d.Cells {
		return "Measured on all cells."
	}
	return fmt.Sprintf("Measured on %s of the %s cells, chosen at random and the same every time.", thousands(int64(d.scores.cells)), thousands(int64(d.Cells)))
}
