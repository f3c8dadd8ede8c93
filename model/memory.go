package model

import "cellvi/model/kernel"

// TrainBytes is about what training takes beside the cells: parameters, their
// gradients and moments, one pass of a minibatch and one of evaluation for each
// thread, and the copies that a State makes.
func TrainBytes(cfg Config, batchSize, threads int) int64 {
	return 7*parameterBytes(cfg) + passBytes(cfg, batchSize+2) + int64(threads)*passBytes(cfg, evalBatch)
}

// EvalBytes is about what an Evaluator takes, its model included.
func EvalBytes(cfg Config, threads int) int64 {
	return 4*parameterBytes(cfg) + int64(threads)*passBytes(cfg, evalBatch)
}

// parameterBytes is the size of one slab of parameters.
func parameterBytes(cfg Config) int64 {
	g, h, l := int64(cfg.NInput), int64(cfg.NHidden), int64(cfg.NLatent)
	return 4 * (2*g*h + 2*g + int64(cfg.NLayers)*2*(h*h+3*h) + 2*l*h + int64(cfg.NBatch)*h)
}

// passBytes is the workspace of a pass over b cells: shares and their gradients,
// the blocks' gradients at the hidden layer, tables, activations.
func passBytes(cfg Config, b int) int64 {
	g, h, n := int64(cfg.NInput), int64(cfg.NHidden), int64(b)
	blocks := int64(len(kernel.Blocks(cfg.NInput)) - 1)
	return 4 * (2*n*g + n*blocks*h + int64(kernel.TableSize(cfg.NInput)) + 10*int64(cfg.NLayers)*n*h)
}
