package textmatrix

// Options say what to read and what it may take.
type Options struct {
	Transpose bool  // rows are genes, columns are cells
	Memory    int64 // bytes that reading may take; 0 is DefaultMemory
	Threads   int   // 2 or more: gzip is decompressed ahead
}

// DefaultMemory is 256 MiB.
const DefaultMemory = 256 << 20

const (
	tableCells   = 1024    // in a Table, where their counts allow
	tableEntries = 1 << 19 // in a Table, unless one cell has more
)

func (o Options) memory() int64 {
	if o.Memory <= 0 {
		return DefaultMemory
	}
	return o.Memory
}
