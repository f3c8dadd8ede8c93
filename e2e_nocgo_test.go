//go:build !cgo

package main

const simulatedName = "cells.store"
