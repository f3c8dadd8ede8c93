package model

import (
	"math"

	"cellvi/model/kernel"
)

// flowBound is what the diagonals of R and S are kept below: 1 + tanh'·R_ii S_ii, the
// factors of a layer's determinant, then lie between 0.02 and 2, and the layer can
// always be inverted.
const flowBound = 0.99

// bound turns the encoder's numbers for the diagonals of a cell's triangles into the
// diagonals, 0.99 tanh, in place. numbers are those of all layers, each a triangle and
// rest numbers more.
func bound[T kernel.Float](l, rest int, numbers []T) {
	for at := 0; at < len(numbers); at += rest {
		for i := range l {
			numbers[at] = T(flowBound * math.Tanh(float64(numbers[at])))
			at += l - i
		}
	}
}

// boundBackward turns the gradients d at the diagonals into those before bound.
func boundBackward[T kernel.Float](l, rest int, numbers, d []T) {
	for at := 0; at < len(numbers); at += rest {
		for i := range l {
			d[at] *= flowBound - numbers[at]*numbers[at]/flowBound
			at += l - i
		}
	}
}

// sylvester is one layer of a flow, in place on the L numbers of y:
//
//	y + R tanh(S y + b),  R and S upper triangular
//
// outer is R, row after row from the diagonal on; inner is S likewise, then b. It keeps
// y in input and the tanh in bent, and gives the log-determinant
// Σ_i log(1 + tanh'_i R_ii S_ii), exact by Sylvester's identity
// det(I + A B) = det(I + B A).
func sylvester[T kernel.Float](outer, inner, y, input, bent []T) float64 {
	l := len(y)
	copy(input, y)
	sum, det, at := 0.0, 1.0, 0
	for i := range l {
		row, a := inner[at:at+l-i], inner[triangle(l)+i]
		for k, s := range row {
			a += s * input[i+k]
		}
		t := math.Tanh(float64(a))
		bent[i] = T(t)
		det *= 1 + (1-t*t)*float64(outer[at]*row[0])
		if i%64 == 63 { // before it leaves what a float64 holds
			sum, det = sum+math.Log(det), 1
		}
		at += l - i
	}
	at = 0
	for i := range l {
		a := T(0)
		for k, r := range outer[at : at+l-i] {
			a += r * bent[i+k]
		}
		y[i] += a
		at += l - i
	}
	return sum + math.Log(det)
}

// sylvesterBackward turns dy, the gradient at a layer's output, into that at its input,
// and writes those at its numbers, for a loss that has −w times the log-determinant
// beside. dt (L) is workspace. With t the tanh, g = 1 − t², D = 1 + g R_ii S_ii:
//
//	dt   = Rᵀ dy + 2 w t R_ii S_ii/D      dR = dy tᵀ,  dR_ii −= w g S_ii/D
//	da   = g dt,  db = da                 dS = da yᵀ,  dS_ii −= w g R_ii/D
//	dy  += Sᵀ da
func sylvesterBackward[T kernel.Float](w T, outer, inner, input, bent, dy, douter, dinner, dt []T) {
	l, at := len(dy), 0
	clear(dt)
	for i, d := range dy {
		for k, r := range outer[at : at+l-i] {
			dt[i+k] += r * d
			douter[at+k] = d * bent[i+k]
		}
		at += l - i
	}
	at = 0
	for i, t := range bent {
		r, s, g := outer[at], inner[at], 1-t*t
		by := w / (1 + g*r*s)
		da := g * (dt[i] + 2*by*t*r*s)
		for k := range l - i {
			dinner[at+k] = da * input[i+k]
			dy[i+k] += inner[at+k] * da
		}
		douter[at] -= by * g * s
		dinner[at] -= by * g * r
		dinner[triangle(l)+i] = da
		at += l - i
	}
}
