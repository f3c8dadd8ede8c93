package stages

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// writeText tells a person what was found.
func (n *Inspection) writeText(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s: %d cells × %d genes\n", n.File, n.Cells, n.Genes)
	n.writeCounts(w)
	fmt.Fprintf(w, "\nmatrices\n")
	for _, m := range n.Matrices {
		fmt.Fprintf(w, "  %s\n", m.text(m.Name == n.Matrix || m.Name == "layers/"+n.Matrix))
	}
	writeColumns(w, "cell annotations (obs)", n.Obs)
	writeColumns(w, "gene annotations (var)", n.Var)
	fmt.Fprintf(w, "\nproblems\n")
	for _, p := range n.Problems {
		fmt.Fprintf(w, "  %s\n", p)
	}
	if len(n.Problems) == 0 {
		fmt.Fprintf(w, "  none\n")
	}
	if n.Refuse == nil {
		fmt.Fprintf(w, "\n%s can be trained on.\n", n.Matrix)
	} else {
		fmt.Fprintf(w, "\n%s would be refused.\n", n.Matrix)
	}
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
	fmt.Fprintf(w, "  zeros        %.1f%% (%d values are not zero)\n", 100**n.Sparsity, *n.NNZ)
	fmt.Fprintf(w, "  empty cells  %d\n", *n.EmptyCells)
	fmt.Fprintf(w, "  fingerprint  %s\n", *n.Fingerprint)
}

// text is one line: X: csr float32, gzip, 30 × 20, 228 stored.
func (m *MatrixInfo) text(chosen bool) string {
	line := m.Name + ": "
	if m.Storage != "" {
		line += strings.Join(append([]string{strings.TrimSpace(m.Storage + " " + m.Type)}, m.Filters...), ", ")
		line += fmt.Sprintf(", %d × %d", m.Cells, m.Genes)
	}
	if m.Stored > 0 {
		line += fmt.Sprintf(", %d values stored", m.Stored)
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
		fmt.Fprintf(w, "  %s: %s\n", c.Name, c.text())
	}
	if len(columns) == 0 {
		fmt.Fprintf(w, "  none\n")
	}
}

// text is the kind and the levels with their cells, the first few of many.
func (c *ColumnInfo) text() string {
	if c.Problem != "" {
		return "cannot be used: " + c.Problem
	}
	line := c.Kind
	if c.Levels != nil {
		var levels []string
		for _, l := range c.Levels {
			levels = append(levels, fmt.Sprintf("%s (%d)", l.Name, l.Cells))
		}
		line += ", " + plural(int64(len(levels)), "level", "levels") + ": " + some(levels, 12)
	}
	if c.Missing > 0 {
		line += ", " + plural(c.Missing, "cell", "cells") + " without a value"
	}
	return line
}
