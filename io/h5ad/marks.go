package h5ad

// Marks are some of N cells, a bit a cell. The zero value is of no cells.
type Marks struct {
	N    int64
	Bits []byte
}

// Append adds a cell, marked or not.
func (m *Marks) Append(marked bool) {
	if m.N%8 == 0 {
		m.Bits = append(m.Bits, 0)
	}
	if marked {
		m.Bits[m.N/8] |= 1 << (m.N % 8)
	}
	m.N++
}

// Has tells whether cell i, below N, is marked.
func (m *Marks) Has(i int64) bool { return m.Bits[i/8]>>(i%8)&1 == 1 }

// sound tells whether there is a bit for every cell.
func (m *Marks) sound() bool { return m.N >= 0 && int64(len(m.Bits)) == (m.N+7)/8 }
