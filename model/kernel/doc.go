// Package kernel holds the few hot loops of training: sparse × dense products,
// the softmax over genes, the likelihoods of counts with their gradients, fused, for
// a stripe of genes, normalization, Adam, and matrix products.
//
// Data in: slices of numbers, row-major, shapes in each comment (B cells of a
// minibatch, n genes of a block, H hidden units). Data out: the slices written.
//
// Every loop exists twice: in plain Go (reference.go and its neighbours), which
// is generic over float32 and float64 and says what is computed, and in C
// (*.c, float32 only), for several instruction sets of which the program picks one
// at start: loops that the compiler vectorizes well are cloned by it, those that
// keep a tile in registers stand in tiles.h, compiled once per set. Tests hold all
// of them together. Without cgo the plain Go version is what runs. half.c has the
// products of bfloat16 numbers, for processors with instructions for them.
//
// Only package model imports it.
package kernel
