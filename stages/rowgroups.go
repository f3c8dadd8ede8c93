package stages

import "cellvi/io/store"

// Parquet's writer keeps a record of each column of each row group until the
// file ends, and encodes them all then: about so many bytes. Many short row groups of many genes fill
// memory with them, few long ones with their cells.
const chunkBytes = 800

// groupRows is the rows of the store that make a row group of a reconstruction:
// a batch of the store where that takes little memory, otherwise twice, four
// times … or a half, a quarter … as many, whichever takes least. It is a function
// of the cells and genes alone: neither the budget nor threads change a byte.
func groupRows(cells, genes int) int {
	const little = 256e6
	best := store.BatchCells
	if groupMemory(cells, genes, best) <= little {
		return best
	}
	for rows := 64; rows <= 1<<20; rows *= 2 {
		if groupMemory(cells, genes, rows) < groupMemory(cells, genes, best) {
			best = rows
		}
	}
	return best
}

// groupMemory is about what writing cells × genes in groups of so many rows
// takes: two groups of float32, and the records of all.
func groupMemory(cells, genes, rows int) int64 {
	groups := int64(cells+rows-1) / int64(rows)
	return 2*int64(rows)*(int64(genes)*4+nameBytes) + groups*int64(genes)*chunkBytes
}

// stretches cuts the kept cells into those of every so many rows of the store.
// Stretches without kept cells are left out; there is one at least.
func (p *prepared) stretches(rows int) []bounds {
	var out []bounds
	from := 0
	for to := 1; to <= len(p.Row); to++ {
		if to == len(p.Row) || int(p.Row[to])/rows != int(p.Row[to-1])/rows {
			out, from = append(out, bounds{from, to}), to
		}
	}
	if len(out) == 0 {
		out = append(out, bounds{})
	}
	return out
}
