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
	GeneNoise
	GenerateNoise
	CellChoice
	PredictiveNoise
	DenoisedNoise
	RefineNoise
)

// Stream is the random numbers of one (seed, purpose, epoch, item): a PCG
// generator whose state is a hash of the four. No stream depends on another
// having been read, so threads and resuming change nothing.
func Stream(seed uint64, purpose Purpose, epoch, item uint64) *rand.Rand {
	h := streamKey(seed, purpose, epoch, item)
	return rand.New(rand.NewPCG(h, mix(h)))
}

// streamKey is the hash of the four.
func streamKey(seed uint64, purpose Purpose, epoch, item uint64) uint64 {
	return mix(mix(mix(mix(seed)^uint64(purpose))^epoch) ^ item)
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
