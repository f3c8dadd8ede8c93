package stages

import "cellvi/io/counts"

// isAre is the verb for n things.
func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// size is cells and genes in words.
func size(cells, genes int64) string {
	return plural(cells, "cell", "cells") + " and " + plural(genes, "gene", "genes")
}

// plural is a number with its noun: 1 cell, 1,200 cells.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return counts.Thousands(n) + " " + many
}
