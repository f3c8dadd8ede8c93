package model

import "math/rand/v2"

// coordinates is the numbers that a cell has noise for.
func (d draws) coordinates() int {
	if d.library {
		return d.latent + 1
	}
	return d.latent
}

// drawMore takes what cell b draws again from its stream, after the first draw; of
// nobody, nil, it is 0.
func (m *Minibatch[T]) drawMore(rng *rand.Rand, b int, d draws) {
	n := d.coordinates()
	for k := range d.more {
		part := m.More[(k*m.B+b)*n : (k*m.B+b+1)*n]
		if rng == nil {
			clear(part)
		} else {
			normal(rng, part)
		}
	}
}

// again gives cell b's noise of draw k: of the first, 0, Noise and NoiseL, of others More.
func (m *Minibatch[T]) again(k, b, latent int) (z, l []T) {
	n := latent
	if len(m.NoiseL) > 0 {
		n++
	}
	if k == 0 {
		return m.Noise[b*latent : (b+1)*latent], m.NoiseL[min(b, len(m.NoiseL)):min(b+1, len(m.NoiseL))]
	}
	part := m.More[((k-1)*m.B+b)*n : ((k-1)*m.B+b+1)*n]
	return part[:latent], part[latent:]
}
