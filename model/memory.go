package model

import (
	"math"
	"sort"

	"cellvi/model/kernel"
)

// WindowBytes gives what the memory of two windows of size rows takes.
func (d *Dataset) WindowBytes() func(size int) int64 {
	room := mostRoom(&d.Train)
	return func(size int) int64 {
		cells := int64(mostCells(size))
		return 2 * (room(size).Bytes(d.Width, cells) + 8*cells)
	}
}

// Window is the largest window, in rows, of which two take at most so many
// bytes, in whole minibatches; 0 where not even one minibatch fits. It is a
// function of its arguments and the data alone.
func (d *Dataset) Window(bytes int64, batchSize int) int {
	of := d.WindowBytes()
	most := d.Train.Len() / batchSize
	return batchSize * sort.Search(most, func(n int) bool { return of((n+1)*batchSize) > bytes })
}

// LeastWindow is the fewest rows of a window, in whole minibatches, that shuffle
// well enough: it holds 256 pieces, so that minibatches over a store sorted by
// eight batches have 99% of the entropy of batches of a full shuffle.
func LeastWindow(batchSize int) int {
	return int(math.Ceil(256*PieceCells/float64(batchSize))) * batchSize
}

// TrainBytes is about what training takes beside the cells: parameters, their
// gradients and moments, as much again for those that are read from a State, one
// pass of a minibatch and one of evaluation for each thread.
func TrainBytes(cfg Config, opt TrainOptions) int64 {
	b := opt.BatchSize + 2
	bytes := 7*parameterBytes(cfg) + passBytes(cfg, b) + minibatchBytes(cfg, b) +
		int64(opt.Threads)*(passBytes(cfg, evalBatch)+minibatchBytes(cfg, evalBatch))
	bytes += objectiveBytes(cfg, opt.Objective, b)
	if opt.Precision == BFloat16 { // weights and gradients in two orders, two bytes a number
		bytes += 4 * int64(outputs(cfg)) * int64(cfg.NInput) * int64(cfg.NHidden+kernel.Pad(b))
	}
	return bytes
}

// EvalBytes is about what an Evaluator takes, its model included.
func EvalBytes(cfg Config, threads int) int64 {
	return 4*parameterBytes(cfg) + int64(threads)*(passBytes(cfg, evalBatch)+minibatchBytes(cfg, evalBatch))
}

// parameterBytes is the size of one slab of parameters.
func parameterBytes(cfg Config) int64 {
	g, h, k := int64(cfg.NInput), int64(cfg.NHidden), int64(columnsOf(cfg.hots())+cfg.dense())
	n := g*h + int64(cfg.NLayers)*2*(h*h+(k+3)*h) + 2*int64(cfg.NLatent)*h + g*int64(outputs(cfg))*(inputs(cfg)+3)
	if !cfg.observed() {
		n += g*h + (k+5)*h
	}
	n += g * int64(cfg.codes(cfg.Dispersion))
	if cfg.Model == AutoZI {
		n += 2 * g * int64(cfg.codes(cfg.ZeroInflation))
	}
	if cfg.embeds() {
		n += int64(cfg.NBatch * cfg.BatchEmbeddingDim)
	}
	for _, outputs := range moreOutputs(cfg) {
		n += int64(outputs) * (h + 1)
	}
	return 4 * n
}

// outputs is the number of the decoder's outputs per gene and cell.
func outputs(cfg Config) (n int) {
	n = 1
	if cfg.GeneLikelihood == "zinb" {
		n++
	}
	if cfg.Dispersion == "gene-cell" && cfg.GeneLikelihood != "poisson" {
		n++
	}
	return n
}

// inputs is the numbers of a cell that the decoder's outputs see.
func inputs(cfg Config) int64 {
	if cfg.Model == LinearSCVI {
		return int64(cfg.NLatent + columnsOf(cfg.hots()))
	}
	return int64(cfg.NHidden)
}

// passBytes is the workspace of a pass over b cells: outputs and their gradients,
// the blocks' gradients at the hidden layer, activations, the counts once more in
// the order of genes, a quarter of the genes nonzero, and AutoZI's draws.
func passBytes(cfg Config, b int) int64 {
	g, h, n, out := int64(cfg.NInput), int64(cfg.NHidden), int64(kernel.Pad(b)), int64(outputs(cfg))
	blocks, draws := int64(len(kernel.Blocks(cfg.NInput))-1), int64(0)
	codes := min(max(cfg.codes(cfg.Dispersion), cfg.codes(cfg.ZeroInflation)), b)
	matrices := out + 1
	if cfg.Dispersion == "gene-cell" {
		matrices++
	}
	if cfg.Model == LinearSCVI {
		matrices += out
	}
	if cfg.Model == AutoZI {
		draws = 4 * g * int64(cfg.codes(cfg.ZeroInflation))
	}
	units := 10 * int64(cfg.NLayers) // matrices (B, H)
	if cfg.UseLayerNorm != "none" {
		units += 4 * int64(cfg.NLayers)
	}
	if !cfg.observed() {
		units += 5
	}
	return 4 * (matrices*n*g + out*n*blocks*inputs(cfg) + blocks*int64(kernel.TableSize(stripeGenes*codes)) + n*g/4*3 + g + units*n*h + draws + moreSize(cfg)*n)
}

// GenerateBytes is about what Evaluator.Generate takes beside EvalBytes: the matrices
// that it hands out, and the theta of each batch or label.
func GenerateBytes(cfg Config, threads int) int64 {
	matrices := 3 // counts, shares, theta
	if cfg.GeneLikelihood == "zinb" {
		matrices++
	}
	return int64(threads) * 4 * int64(cfg.NInput) * int64(matrices*kernel.Pad(evalBatch)+cfg.codes(cfg.Dispersion))
}

// minibatchBytes is the counts of two minibatches of b cells with a quarter of
// the genes nonzero, each with its gene, value and logarithm; one is prepared
// while the other is worked on.
func minibatchBytes(cfg Config, b int) int64 {
	return 2 * int64(b) * (int64(cfg.NInput)/4*12 + 4*int64(len(kernel.Blocks(cfg.NInput))))
}
