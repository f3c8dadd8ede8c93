package mtx

import "cellvi/io/counts"

// Options say what to read and what it may take.
type Options struct {
	FeatureTypes []string // to take, of the third column of features.tsv, or "all"; none: Gene Expression
	Memory       int64    // bytes that reading may take; 0 is DefaultMemory
	Threads      int      // 2 or more: gzip is decompressed ahead
}

// DefaultMemory is 256 MiB.
const DefaultMemory = 256 << 20

// tableCells is how many cells a Table has, where their counts allow.
const tableCells = 1024

func (o Options) memory() int64 {
	if o.Memory <= 0 {
		return DefaultMemory
	}
	return o.Memory
}

// sorting is what is left to sort entries in, beside lines, tables and the genes.
func (o Options) sorting(genes *counts.Frame) int64 {
	return max(o.memory()/4, o.memory()-32<<20-heldBy(genes))
}

// heldBy is about how many bytes a frame of texts takes.
func heldBy(f *counts.Frame) int64 {
	n := int64(0)
	for _, name := range f.Names {
		n += int64(len(name)) + 16
	}
	for i := range f.Columns {
		for _, text := range f.Columns[i].Strings {
			n += int64(len(text)) + 16
		}
	}
	return n
}
