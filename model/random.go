package model

import (
	"math"
	"math/rand/v2"

	"cellvi/model/kernel"
)

// Purpose names a use of randomness; each has streams of its own.
type Purpose uint64

// The purposes. Their numbers are part of the results: never reuse one.
const (
	Initial Purpose = 1 + iota
	Shuffle
	Dropout
	LatentNoise
	ValidationNoise
	Simulation
)

// Stream is the random numbers of one (seed, purpose, epoch, item): a PCG
// generator whose state is a hash of the four. No stream depends on another
// having been read, so threads and resuming change nothing.
func Stream(seed uint64, purpose Purpose, epoch, item uint64) *rand.Rand {
	h := mix(mix(mix(mix(seed)^uint64(purpose))^epoch) ^ item)
	return rand.New(rand.NewPCG(h, mix(h)))
}

// mix is the finalizer of SplitMix64 (Steele, Lea & Flood 2014) after its increment.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// uniform fills w from U(−1/sqrt(fanIn), 1/sqrt(fanIn)), PyTorch's initial
// weights and biases of a linear layer.
func uniform[T kernel.Float](rng *rand.Rand, fanIn int, w []T) {
	bound := 1 / math.Sqrt(float64(fanIn))
	for i := range w {
		w[i] = T((2*rng.Float64() - 1) * bound)
	}
}

func normal[T kernel.Float](rng *rand.Rand, w []T) {
	for i := range w {
		w[i] = T(rng.NormFloat64())
	}
}

// dropout fills mask with 0 at the given rate and 1/(1−rate) elsewhere.
func dropout[T kernel.Float](rng *rand.Rand, rate float64, mask []T) {
	keep, limit := T(1/(1-rate)), uint32(rate*(1<<32))
	for i := 0; i < len(mask); i += 2 { // two draws from each 64 bits
		bits := rng.Uint64()
		mask[i] = pick(uint32(bits) < limit, 0, keep)
		if i+1 < len(mask) {
			mask[i+1] = pick(uint32(bits>>32) < limit, 0, keep)
		}
	}
}

func pick[T any](cond bool, yes, no T) T {
	if cond {
		return yes
	}
	return no
}
