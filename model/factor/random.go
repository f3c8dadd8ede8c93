package factor

import (
	"math"
	"math/rand/v2"
)

// The uses of randomness.
const (
	forHoldOut = 1 + iota
	forLoadings
	forOrder
)

// mix is the finalizer of SplitMix64 (Steele, Lea & Flood 2014) after its increment.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// stream seeds p with a hash of seed, use and item.
func stream(p *rand.PCG, seed, use, item uint64) {
	h := mix(mix(mix(seed)^use) ^ item)
	p.Seed(h, mix(h))
}

// heldOut appends to out the genes, of so many, whose entries of the cell that item
// names are held out: each with probability share, on its own. The gaps between them
// are drawn, which are geometric: that takes genes·share draws. The list is a
// function of seed, item, genes and share.
func heldOut(seed uint64, item int64, genes int, share float64, out []int32) []int32 {
	if share <= 0 {
		return out
	}
	var p rand.PCG
	stream(&p, seed, forHoldOut, uint64(item))
	scale := 1 / math.Log1p(-share)
	for at := 0; ; at++ {
		u := (float64(p.Uint64()>>11) + 0.5) / (1 << 53)
		gap := math.Floor(math.Log(u) * scale)
		if gap >= float64(genes-at) {
			return out
		}
		at += int(gap)
		out = append(out, int32(at))
	}
}
