//go:build cgo

package main

const simulatedName = "cells.h5ad"
