package kernel

// Blocks cuts g genes into blocks of equal size but for one gene, an even number
// of them where there are more than one so that two threads finish together, and
// returns their bounds: block k is genes bounds[k] … bounds[k+1]−1.
// The cut depends on g alone, never on the number of threads: sums over
// blocks keep their order and the results their bits.
func Blocks(g int) []int {
	n := (g + BlockSize - 1) / BlockSize
	if n > 1 {
		n += n % 2
	}
	bounds := make([]int, n+1)
	for k := range bounds {
		bounds[k] = k * g / n
	}
	return bounds
}
