package kernel

// Blocks cuts g genes into blocks of nearly equal size, an even number of them
// where there are more than one so that two threads finish together, and
// returns their bounds: block k is genes bounds[k] … bounds[k+1]−1.
// The cut depends on g alone, never on the number of threads: sums over
// blocks keep their order and the results their bits.
func Blocks(g int) []int {
	n := (g + BlockSize - 1) / BlockSize
	if n > 1 {
		n += n % 2
	}
	size := (g + n - 1) / n
	size = min((size+15)/16*16, BlockSize) // whole vectors of 16 floats
	bounds := []int{0}
	for at := 0; at < g; {
		at = min(at+size, g)
		bounds = append(bounds, at)
	}
	return bounds
}
