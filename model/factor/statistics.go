package factor

// Statistics are what the genes need to know of the cells: sums over cells, with
// x = (1, a, A) of M = K+2 numbers. Entries that are held out are in none of them
// but Out.
type Statistics struct {
	Cells  float64   // n
	S      []float64 // (M, M) Σ E[x xᵀ]
	Y      []float64 // (G, M) Σ y E[x]
	YY     []float64 // (G) Σ y²
	Out    []float64 // (G, M(M+1)/2) Σ over the cells where the gene is held out of E[x xᵀ], lower triangle; nil: none is
	LogDet float64   // Σ log|precision of (a, A)|
}

func newStatistics(genes, m int, out bool) *Statistics {
	s := &Statistics{S: make([]float64, m*m), Y: make([]float64, genes*m), YY: make([]float64, genes)}
	if out {
		s.Out = make([]float64, genes*triangle(m))
	}
	return s
}

// triangle is the numbers in a symmetric (m, m).
func triangle(m int) int { return m * (m + 1) / 2 }

// parts are all sums.
func (s *Statistics) parts() [][]float64 { return [][]float64{s.S, s.Y, s.YY, s.Out} }

func (s *Statistics) clear() {
	for _, p := range s.parts() {
		clear(p)
	}
	s.Cells, s.LogDet = 0, 0
}

// blend makes s = (1−rho)·s + rho·scale·b, on so many threads.
func (s *Statistics) blend(b *Statistics, rho, scale float64, threads int) {
	keep, take := 1-rho, rho*scale
	s.Cells = keep*s.Cells + take*b.Cells
	s.LogDet = keep*s.LogDet + take*b.LogDet
	from := b.parts()
	for k, p := range s.parts() {
		const piece = 1 << 14
		parallel(threads, (len(p)+piece-1)/piece, func(i int) {
			to, x := p[i*piece:min((i+1)*piece, len(p))], from[k][i*piece:]
			for n := range to {
				to[n] = keep*to[n] + take*x[n]
			}
		})
	}
}

// of makes out, (M, M), the S of the cells where gene j is not held out.
func (s *Statistics) of(j, m int, out []float64) {
	copy(out, s.S)
	if s.Out == nil {
		return
	}
	t := triangle(m)
	at := s.Out[j*t : (j+1)*t]
	for a := range m {
		for b := range a + 1 {
			out[a*m+b] -= at[b]
			if a != b {
				out[b*m+a] -= at[b]
			}
		}
		at = at[a+1:]
	}
}
