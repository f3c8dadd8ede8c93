package model

import "fmt"

// Cells is counts in memory, cell-major and sparse, of the genes that the model
// sees: cell i has Counts[Indptr[i]:Indptr[i+1]] of Genes beside them, genes
// ascending without repeats, counts above 0.
type Cells struct {
	NGenes int
	Indptr []int64
	Genes  []int32
	Counts []float32
	Batch  []int32 // code of each cell's batch, 0 … NBatch−1
	Item   []int64 // the number by which each cell's random streams are named; nil: its position
}

// Len is the number of cells.
func (c *Cells) Len() int { return len(c.Indptr) - 1 }

// item is the number that names cell i's random streams.
func (c *Cells) item(i int) uint64 {
	if c.Item == nil {
		return uint64(i)
	}
	return uint64(c.Item[i])
}

// Check says whether the cells fit the configuration: a programmer's error if not.
func (c *Cells) Check(cfg Config) error {
	if c.NGenes != cfg.NInput {
		return fmt.Errorf("cells have %d genes, the model %d", c.NGenes, cfg.NInput)
	}
	if len(c.Batch) != c.Len() {
		return fmt.Errorf("%d cells have %d batch codes", c.Len(), len(c.Batch))
	}
	for i, b := range c.Batch {
		if b < 0 || int(b) >= cfg.NBatch {
			return fmt.Errorf("cell %d has batch code %d, the model %d batches", i, b, cfg.NBatch)
		}
	}
	return nil
}
