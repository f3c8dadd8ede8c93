package stages

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"cellvi/io/counts"
)

// writeText tells a person what was found.
func (n *Inspection) writeText(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s: %s × %s\n", counts.Printable(n.File), plural(n.Cells, "cell", "cells"), plural(n.Genes, "gene", "genes"))
	fmt.Fprintf(w, "  format       %s\n", n.Format)
	n.writeCounts(w)
	fmt.Fprintf(w, "\nmatrices\n")
	for _, m := range n.Matrices {
		fmt.Fprintf(w, "  %s\n", m.text(m.Name == n.matrix || len(n.Matrices) == 1))
	}
	writeColumns(w, "cell annotations (obs)", n.Obs)
	writeColumns(w, "gene annotations (var)", n.Var)
	fmt.Fprintf(w, "\nproblems\n")
	for _, p := range n.Problems {
		fmt.Fprintf(w, "  %s\n", p.text())
	}
	if len(n.Problems) == 0 {
		fmt.Fprintf(w, "  none\n")
	}
	fmt.Fprintf(w, "\n%s\n", n.sentence())
	return w.Flush() // tells every error before
}

func (n *Inspection) writeCounts(w io.Writer) {
	if n.NNZ == nil {
		return
	}
	perCell := 0.0
	if n.Cells > 0 {
		perCell = *n.Total / float64(n.Cells)
	}
	fmt.Fprintf(w, "  counts       %.0f in all, %.1f a cell on average\n", *n.Total, perCell)
	fmt.Fprintf(w, "  zeros        %.1f%% (%s not zero)\n", 100**n.Sparsity, plural(*n.NNZ, "value is", "values are"))
	fmt.Fprintf(w, "  empty        %s, %s\n", plural(*n.EmptyCells, "cell", "cells"), plural(*n.EmptyGenes, "gene", "genes"))
	fmt.Fprintf(w, "  fingerprint  %s\n", *n.Fingerprint)
}

// text is one line: whether a run would refuse, and what.
func (p *Problem) text() string {
	if p.Refuse {
		return "refused: " + counts.Printable(p.What)
	}
	return counts.Printable(p.What)
}

// text is one line: X: csr float32, gzip, 30 × 20, 228 stored.
func (m *MatrixInfo) text(chosen bool) string {
	line := counts.Printable(m.Name) + ": "
	if m.File != "" {
		line = counts.Printable(m.File) + ": " + line
	}
	if m.Storage != "" {
		line += strings.Join(append([]string{strings.TrimSpace(m.Storage + " " + m.Type)}, m.Filters...), ", ")
		line += fmt.Sprintf(", %d × %d", m.Cells, m.Genes)
	}
	if m.Stored > 0 {
		line += fmt.Sprintf(", %s stored", plural(m.Stored, "value", "values"))
	}
	if m.Problem != "" {
		line += " (cannot be read)"
	}
	if chosen {
		line += "  ← this one"
	}
	return line
}

func writeColumns(w io.Writer, title string, columns []ColumnInfo) {
	fmt.Fprintf(w, "\n%s\n", title)
	for _, c := range columns {
		fmt.Fprintf(w, "  %s: %s\n", counts.Printable(c.Name), c.text())
	}
	if len(columns) == 0 {
		fmt.Fprintf(w, "  none\n")
	}
}

// text is the kind and the levels with their cells, the first few of many.
func (c *ColumnInfo) text() string {
	if c.Problem != "" {
		return "cannot be used: " + counts.Printable(c.Problem)
	}
	line := c.Kind
	if c.Levels != nil {
		var levels []string
		for _, l := range c.Levels {
			levels = append(levels, fmt.Sprintf("%s (%s)", counts.Printable(l.Name), counts.Thousands(l.Cells)))
		}
		line += ", " + plural(int64(len(levels)), "level", "levels") + ": " + some(levels, 12)
	}
	if c.Missing > 0 {
		line += ", " + plural(c.Missing, "cell", "cells") + " without a value"
	}
	return line
}
