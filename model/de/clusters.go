package de

// cutInThree cuts sorted values into the three intervals of least squared
// distance from their means, k-means' optimum: values before first, before
// second, and the rest, none of them empty. There must be three at least.
func cutInThree(x []float64) (first, second int) {
	s := newSums(x)
	best := -1.0
	// The best first cut moves up with the second (Grønlund et al. 2017, arXiv
	// 1701.07204, section 3): halves are searched within their neighbours' bounds.
	var search func(from, to, low, high int)
	search = func(from, to, low, high int) {
		if from > to {
			return
		}
		at := (from + to) / 2
		cut, least := low, -1.0
		for c := low; c <= min(high, at-1); c++ {
			if d := s.spread(0, c) + s.spread(c, at); least < 0 || d < least {
				cut, least = c, d
			}
		}
		if d := least + s.spread(at, len(x)); best < 0 || d < best {
			best, first, second = d, cut, at
		}
		search(from, at-1, low, cut)
		search(at+1, to, cut, high)
	}
	search(2, len(x)-1, 1, len(x)-2)
	return first, second
}

// sums are running sums of values and of their squares, about the values' mean.
type sums struct{ one, two []float64 }

func newSums(x []float64) sums {
	center := 0.0
	for _, v := range x {
		center += v / float64(len(x))
	}
	s := sums{make([]float64, len(x)+1), make([]float64, len(x)+1)}
	for i, v := range x {
		s.one[i+1] = s.one[i] + (v - center)
		s.two[i+1] = s.two[i] + (v-center)*(v-center)
	}
	return s
}

// spread is the squared distance of values from … to−1 from their mean.
func (s sums) spread(from, to int) float64 {
	d := s.one[to] - s.one[from]
	return max(0, s.two[to]-s.two[from]-d*d/float64(to-from))
}
