//go:build cgo

package kernel

// #include "kernel.h"
import "C"

// Tables is described at Ops.
func (native) Tables(n int, r, tab []float32) { C.cv_tables(C.int(n), f(r), f(tab)) }

// Counts is described at Ops.
func (native) Counts(l Likelihood, s *Stripe[float32]) { C.cv_counts(C.int(l), flat(s)) }

// Likelihood is described at Ops.
func (native) Likelihood(l Likelihood, s *Stripe[float32]) { C.cv_likelihood(C.int(l), flat(s)) }

// flat is a stripe as C has it: passed by value, so that no Go pointer points to
// memory with Go pointers.
func flat(s *Stripe[float32]) C.stripe {
	return C.stripe{
		n: C.int(s.N), ld: C.int(s.LD), cells: C.int(s.Cells), codes: C.int(s.Codes), delta_codes: C.int(s.DeltaCodes),
		start: i(s.Start), code: i(s.Code), delta_code: i(s.DeltaCode), sorted: entries(s.Sorted),
		y: f(s.Y), scale: f(s.Scale), lib: f(s.Lib), tab: f(s.Tab), rbias: f(s.RBias), pibias: f(s.PiBias), delta: f(s.Delta),
		a: f(s.A), ll: f(s.LL), s: f(s.S), dr: f(s.DR), r: f(s.R), pi: f(s.Pi), ddelta: f(s.DDelta), late: f(s.Late), min_dropout: C.float(s.MinDropout),
	}
}
