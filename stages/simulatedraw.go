package stages

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"cellvi/io/counts"
	"cellvi/model"
	"cellvi/pipeline"
)

// blocks is the number of blocks that the cells are drawn in, blockCells the
// cells of one.
func (s *Simulate) blocks() int { return (s.Options.Cells + model.DrawBlock - 1) / model.DrawBlock }

func (s *Simulate) blockCells(b int) int {
	return min(model.DrawBlock, s.Options.Cells-b*model.DrawBlock)
}

// slot is where one block waits between being drawn and being written. Block b
// goes through slot b modulo the number of slots, so that memory holds that many
// blocks, however many there are.
type slot struct {
	drawing model.Drawing
	free    chan struct{} // one token while nothing in the slot is needed
	full    chan error    // the block is drawn, or why not
}

// draw draws all cells with all threads and hands them to write, block by block
// in their order, from one goroutine. The table is write's until it returns.
func (s *Simulate) draw(ctx context.Context, job *pipeline.Job, sim *model.Simulator, write func(*counts.Table, *model.Drawing) error) error {
	job.Progress.Begin("simulating", "cells", int64(s.Options.Cells))
	defer job.Progress.End()
	var group sync.WaitGroup
	defer group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the threads before they are waited for
	slots, next := newSlots(slotsOf(job)), new(atomic.Int64)
	for range job.Threads {
		group.Go(func() { s.drawBlocks(ctx, sim, slots, next) })
	}
	table := counts.Table{Obs: *s.obs()}
	for b := range s.blocks() {
		at := &slots[b%len(slots)]
		select {
		case err := <-at.full:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		s.fill(&table, b, &at.drawing)
		if err := write(&table, &at.drawing); err != nil {
			return err
		}
		at.free <- struct{}{}
		job.Progress.Add(int64(s.blockCells(b)))
	}
	return nil
}

// slotsOf is the number of slots: each thread has a block to draw and one drawn
// ahead, and one is being written.
func slotsOf(job *pipeline.Job) int { return 2*job.Threads + 1 }

func newSlots(n int) []slot {
	slots := make([]slot, n)
	for i := range slots {
		slots[i] = slot{free: make(chan struct{}, 1), full: make(chan error, 1)}
		slots[i].free <- struct{}{}
	}
	return slots
}

// drawBlocks draws the block that next counts to, again and again, each into its
// slot, until there are no more or ctx is done. Which thread draws which block
// does not matter.
func (s *Simulate) drawBlocks(ctx context.Context, sim *model.Simulator, slots []slot, next *atomic.Int64) {
	w := sim.NewDrawer()
	for {
		b := int(next.Add(1) - 1)
		if b >= s.blocks() {
			return
		}
		to := &slots[b%len(slots)]
		select {
		case <-to.free:
		case <-ctx.Done():
			return
		}
		to.full <- pipeline.Guard(func() error {
			w.Draw(b, s.blockCells(b), &to.drawing)
			return nil
		})
	}
}

// fill makes t the table of block b, which is d; t aliases d.
func (s *Simulate) fill(t *counts.Table, b int, d *model.Drawing) {
	width, first := len(fmt.Sprint(s.Options.Cells-1)), b*model.DrawBlock
	t.Obs.Names = make([]string, s.blockCells(b)) // whoever keeps one keeps no more than these
	for i := range t.Obs.Names {
		t.Obs.Names[i] = fmt.Sprintf("cell_%0*d", width, first+i)
	}
	t.Obs.Columns[0].Codes, t.Obs.Columns[1].Codes = d.Batch, d.Label
	t.Indptr, t.Genes, t.Values = d.Indptr, d.Genes, d.Counts
}
