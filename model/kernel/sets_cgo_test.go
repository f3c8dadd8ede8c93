//go:build cgo

package kernel

// sets is New's Ops, in every instance that this processor runs.
func sets() []Ops[float32] {
	best := New[float32]().(native)
	var all []Ops[float32]
	for set := range best.set + 1 {
		all = append(all, native{set})
	}
	return all
}
