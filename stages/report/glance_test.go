package report

import (
	"strings"
	"testing"
)

// What is said of all levels holds for all of them.
func TestGlanceOfWhatCannotBeTold(t *testing.T) {
	d := exampleData(600, 3, 4, 100)
	d.Batch.Levels = append(d.Batch.Levels, "tiny")
	d.Batch.Codes[0], d.Batch.Codes[1] = 3, 3
	d.drawAll()
	d.Measure(1)
	if g := d.glanceBatches(); g.State != good || g.Text != "3 of 4 batches of sample_id mix well; of the others it cannot be told." {
		t.Errorf("a tiny batch: %+v", g)
	}
	d.Batch.Codes = d.Label.Codes
	d.drawAll()
	d.Measure(1)
	g := d.glanceBatches()
	if g.State != unknown || !strings.Contains(g.Text, "the table below says why") {
		t.Errorf("batches that are the labels: %+v", g)
	}
	if row := d.tableRow(); row["batches_apart"] != 0 {
		t.Errorf("MultiQC is told that %v batches stand apart", row["batches_apart"])
	}
	d.scores = nil
	if g := d.glanceBatches(); g.State != unknown || !strings.Contains(g.Text, "too few cells") {
		t.Errorf("nothing measured: %+v", g)
	}
}
