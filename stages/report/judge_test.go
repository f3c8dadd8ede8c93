package report

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestConvergence(t *testing.T) {
	falling := func(n int) (v []float64) {
		for e := range n {
			v = append(v, 1000-float64(e))
		}
		return v
	}
	flat := slices.Repeat([]float64{900}, 50)
	rising := append(falling(60), falling(50)...)
	for _, c := range []struct {
		name string
		h    History
		want string
	}{
		{"falling", History{ELBOTrain: flat, ELBOValidation: falling(50)}, "Not converged: the validation ELBO still fell by 0.52% over the last 5 epochs"},
		{"flat", History{ELBOTrain: falling(50), ELBOValidation: flat}, "Converged: the validation ELBO changed by only 0%"},
		{"rising", History{ELBOTrain: flat, ELBOValidation: append(falling(60), 945, 950, 955, 960, 965, 970, 975)}, "after its lowest value in epoch 60"},
		{"training only", History{ELBOTrain: falling(50)}, "the training ELBO still fell"},
		{"validation not measured", History{ELBOTrain: falling(50), ELBOValidation: slices.Repeat([]float64{math.NaN()}, 50)}, "the training ELBO still fell"},
		{"few", History{ELBOTrain: falling(3)}, "3 epochs are too few"},
		{"diverged", History{ELBOTrain: append(falling(9), math.NaN())}, "diverged"},
		{"a jump long ago", History{ELBOTrain: rising}, "Not converged"},
		{"overfit", History{ELBOTrain: falling(67), ELBOValidation: append(falling(60), 945, 950, 955, 960, 965, 970, 975)}, "by heart"},
		{"validated now and then", History{ELBOTrain: flat, ELBOValidation: everyFifth(falling(50))}, "still fell by 0.52% over the last 5 epochs"},
		{"lowest of those measured", History{ELBOTrain: falling(20), ELBOValidation: []float64{math.NaN(), 9, math.NaN(), 5, 4, math.NaN(), 6, 8}}, "lowest value in epoch 5"},
	} {
		if got := c.h.convergence(); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q in it", c.name, got, c.want)
		}
	}
}

// everyFifth keeps the values of epochs 5, 10, …
func everyFifth(of []float64) []float64 {
	for e := range of {
		if (e+1)%5 != 0 {
			of[e] = math.NaN()
		}
	}
	return of
}

func TestWeightAtEnd(t *testing.T) {
	for _, c := range []struct {
		weights []float64
		want    string
	}{
		{[]float64{0, 0.0025, 0.005}, "still rising when training ended, at 0.005"},
		{[]float64{0, 0.5, 1, 1}, "at the end is 1."},
		{[]float64{0.5, 0.5}, "at the end is 0.5."},
		{[]float64{0.99, 0.9975}, "at the end is 0.9975."},
		{nil, ""},
	} {
		if got := (&History{KLWeight: c.weights}).weightAtEnd(); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q in it", c.weights, got, c.want)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{thousands(7), "7"}, {thousands(12345), "12,345"}, {thousands(-1234567), "-1,234,567"}, {thousands(100), "100"},
		{significant(972.53497), "972.53"}, {significant(0.0025), "0.0025"}, {significant(0), "0"}, {significant(123456), "123456"}, {significant(-1.5), "-1.5"},
		{percent(0.0123), "1.2%"}, {percent(0.5), "50%"}, {percent(0), "0%"},
		{plural(1, "epoch"), "1 epoch"}, {plural(2000, "epoch"), "2,000 epochs"},
		{fileSize(999), "999 B"}, {fileSize(7967695), "8.0 MB"}, {fileSize(312e9), "312 GB"},
		{duration(0.04), "under 0.1 s"}, {duration(59.6), "1 min 0 s"}, {duration(187), "3 min 7 s"}, {duration(7300), "2 h 1 min"},
		{words("cells_left_out"), "cells left out"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
