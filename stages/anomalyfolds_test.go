package stages

import (
	"bytes"
	"math"
	"testing"

	"cellvi/model"
	"cellvi/pipeline"
)

// TestAnomalyFewGenes: of a few stripes of genes there are as many folds at most, and one
// stripe cannot be predicted from others.
func TestAnomalyFewGenes(t *testing.T) {
	few := func(genes int) Layout {
		x := plantedTable()
		x.genes = x.genes[:genes]
		for i := range x.rows {
			x.rows[i] = x.rows[i][:genes]
		}
		return fittedTable(t, x, 1)
	}
	l := few(40)
	_, err := anomalyRun(l, 2, 0, func(o *AnomalyOptions) { o.Folds, o.Scores = 2, true })
	check(t, err)
	want := bytesOf(t, l.Anomaly())
	job, err := anomalyRun(l, 2, 0, func(o *AnomalyOptions) { o.Folds, o.Scores = 64, true })
	check(t, err)
	wantCounts(t, job, map[string]int64{"tests": plantedCells * 40, "cells": plantedCells, "genes": 40})
	if !bytes.Equal(bytesOf(t, l.Anomaly()), want) {
		t.Error("64 folds of two stripes give other bytes than two")
	}
	l = few(30)
	_, err = anomalyRun(l, 2, 0, func(*AnomalyOptions) {})
	wantError(t, err, pipeline.ExitUsage, "the model has 30 genes", "--no-leave-out")
	_, err = anomalyRun(l, 2, 0, func(o *AnomalyOptions) { o.LeaveOut, o.Folds = false, 5 })
	check(t, err)
}

// TestKeptShare: what the other genes say of a cell's total knows which of them lose
// counts to zero inflation: of shares of one half, one of which is halved, the fold of
// the other leaves a third of the counts.
func TestKeptShare(t *testing.T) {
	w := &judging{judge: &judge{asked: &asked{fitted: &fitted{vae: &model.VAE[float32]{Config: model.Config{NInput: 2}}}}}}
	w.folds = folds{stretches: [][][2]int{{{0, 1}}, {{1, 2}}}, of: []int{0, 1}}
	d := &model.Decoded{N: 1, Scale: []float32{0.5, 0.5}, Dropout: []float32{0, -40}, Ptr: []int32{0, 2}, Idx: []int32{0, 1}, Val: []float32{3, 5}}
	for fold, want := range []kept{{5, 2. / 3}, {3, 1. / 3}} {
		if got := w.keptOf(d, 0, fold); got.total != want.total || math.Abs(got.share-want.share) > 1e-6 {
			t.Errorf("without fold %d: %+v, want %+v", fold, got, want)
		}
	}
	d.Dropout = nil
	if got := w.keptOf(d, 0, 1); got.share != 0.5 {
		t.Errorf("without dropout the share is %v", got.share)
	}
}
