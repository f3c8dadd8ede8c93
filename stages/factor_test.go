package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/pipeline"
)

// factorTable is 400 cells × 60 genes of three kinds of cells in two samples.
func factorTable() *table {
	x, rng := &table{}, rand.New(rand.NewPCG(11, 12))
	sample := counts.Column{Name: "sample", Kind: counts.String}
	for g := range 60 {
		x.genes = append(x.genes, fmt.Sprintf("g%d", g))
	}
	for i := range 400 {
		x.cells = append(x.cells, fmt.Sprintf("c%d", i))
		sample.Strings = append(sample.Strings, []string{"s1", "s2"}[i%2])
		row := make([]float64, 60)
		for g := range row {
			mean := 0.7
			if g/20 == i%3 {
				mean = 4
			}
			row[g] = math.Floor(mean * (0.3 + rng.ExpFloat64()))
		}
		row[59] += 300 // more than a byte holds
		x.rows = append(x.rows, row)
	}
	x.obs = []counts.Column{sample}
	return x
}

// factorRun runs the stage with so many threads and bytes.
func factorRun(l Layout, o FactorOptions, threads int, memory int64) (*pipeline.Job, error) {
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), threads, memory)
	return job, (&Factor{Layout: l, Options: o}).Run(context.Background(), job)
}

// factorOutputs are the files of the folder.
func factorOutputs(t *testing.T, l Layout) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range factorFiles() {
		if text, err := os.ReadFile(filepath.Join(l.Factor(), name)); err == nil {
			files[name] = text
		}
	}
	return files
}

func factorSmall() FactorOptions {
	o := DefaultFactorOptions()
	o.NFactors, o.HoldOut, o.MaxEpochs, o.WriteHeldOut = 4, 0.05, 8, true
	return o
}

// TestFactorSource: entries are log(1 + 1e4·count/total), total over all genes.
func TestFactorSource(t *testing.T) {
	x := factorTable()
	po := DefaultPrepareOptions()
	po.MinCells = 219 // leaves genes out
	l := prepareTable(t, x, po)
	o := factorSmall()
	o.HoldOut = 0.5
	job, err := factorRun(l, o, 2, 0)
	check(t, err)
	if job.Counts()["genes"] >= 60 || job.Counts()["genes"] < 2 {
		t.Fatalf("%d genes", job.Counts()["genes"])
	}
	genes, err := results.Read(filepath.Join(l.Factor(), "genes.parquet"))
	check(t, err)
	held, err := results.Read(filepath.Join(l.Factor(), "held_out.parquet"))
	check(t, err)
	names := genes.Column("gene_id").String
	cell, gene, value := held.Column("cell").Int32, held.Column("gene").Int32, held.Column("value").Float32
	for i := range cell {
		row := x.rows[cell[i]]
		total := 0.0
		for _, v := range row {
			total += v
		}
		near(t, "value", float64(value[i]), math.Log1p(1e4*row[slices.Index(x.genes, names[gene[i]])]/total))
	}
	if n := float64(len(cell)) / float64(400*len(names)); math.Abs(n-0.5) > 0.03 {
		t.Errorf("%.3f of the entries are held out, 0.5 was asked for", n)
	}
}

// TestFactorOutputs: the folder's tables fit each other, the ELBO never falls, and the
// embedding tells the kinds of cells apart.
func TestFactorOutputs(t *testing.T) {
	l := prepareTable(t, factorTable(), DefaultPrepareOptions())
	job, err := factorRun(l, factorSmall(), 2, 0)
	check(t, err)
	wantCounts(t, job, map[string]int64{"cells": 400, "genes": 60})
	read := func(name string) *results.Table {
		table, err := results.Read(filepath.Join(l.Factor(), name))
		check(t, err)
		return table
	}
	latent, cells, genes, history := read("latent.parquet"), read("cells.parquet"), read("genes.parquet"), read("history.parquet")
	var card factorCard
	text, err := os.ReadFile(filepath.Join(l.Factor(), "model.json"))
	check(t, err)
	check(t, json.Unmarshal(text, &card))
	if latent.Rows() != 400 || len(latent.Columns) != 5 || len(cells.Columns) != 11 || len(genes.Columns) != 12 || genes.Rows() != 60 {
		t.Fatalf("%d × %d, %d and %d × %d", latent.Rows(), len(latent.Columns), len(cells.Columns), genes.Rows(), len(genes.Columns))
	}
	within, all := 0.0, 0.0
	for k := range 2 {
		z, f := latent.Column(fmt.Sprintf("latent_%d", k)).Float32, cells.Column(fmt.Sprintf("factor_%d", k)).Float32
		var mean [3]float64
		for i, v := range z {
			near(t, "latent", float64(v), float64(f[i])*card.Scale[k])
			mean[i%3] += float64(v) * 3 / 400
		}
		for i, v := range z {
			all += float64(v * v)
			within += (float64(v) - mean[i%3]) * (float64(v) - mean[i%3])
		}
	}
	if within > 0.1*all {
		t.Errorf("%.2f of the first two factors' variance is within kinds of cells", within/all)
	}
	elbo := history.Column("elbo").Float64
	for i := 1; i < len(elbo); i++ {
		if elbo[i] < elbo[i-1]-1e-9*math.Abs(elbo[i-1]) {
			t.Errorf("the ELBO falls from %v to %v", elbo[i-1], elbo[i])
		}
	}
	if len(elbo) < 2 || card.ELBO != elbo[len(elbo)-1] || card.HeldOut == nil || card.HeldOut.Entries != job.Counts()["entries_held_out"] {
		t.Errorf("history %v, card %+v", elbo, card)
	}
}

// TestFactorSame: the same bytes for any number of threads and any budget that is
// accepted, by either way; and a budget that is too small is refused.
func TestFactorSame(t *testing.T) {
	l := prepareTable(t, factorTable(), DefaultPrepareOptions())
	for _, method := range []string{"cavi", "svi"} {
		o := factorSmall()
		o.Method, o.MaxEpochs = method, 3
		if method == "svi" {
			o.MinibatchCells = 90
		}
		_, err := factorRun(l, o, 1, 0)
		check(t, err)
		want := factorOutputs(t, l)
		for _, run := range []struct {
			threads int
			memory  int64
		}{{3, 0}, {2, 100e6}, {2, 140e6}} {
			_, err := factorRun(l, o, run.threads, run.memory)
			check(t, err)
			wantSame(t, fmt.Sprintf("%s, %+v", method, run), factorOutputs(t, l), want)
		}
		_, err = factorRun(l, o, 2, 80e6)
		wantError(t, err, pipeline.ExitOverMemory, "--memory allows", "--n-factors")
	}
}

// TestFactorResumes: stopped after so many cells and run again, it comes to the same
// bytes; a checkpoint of other options is not used, one of other data refused.
func TestFactorResumes(t *testing.T) {
	x := factorTable()
	l := prepareTable(t, x, DefaultPrepareOptions())
	for _, method := range []string{"cavi", "svi"} {
		o := factorSmall()
		o.Method, o.MaxEpochs, o.Tolerance = method, 5, 0
		if method == "svi" {
			o.MinibatchCells = 90
		}
		_, err := factorRun(l, o, 2, 0)
		check(t, err)
		want := factorOutputs(t, l)
		stop := func(o FactorOptions, l Layout, after int) error {
			ctx, cancel := context.WithCancel(t.Context())
			job := pipeline.NewJob(zerolog.Nop(), &cancelAfter{pipeline.NewLines(zerolog.Nop()), after, cancel}, 2, 0)
			return (&Factor{Layout: l, Options: o}).Run(ctx, job)
		}
		s := &Factor{Layout: l, Options: o}
		for _, after := range []int{1, 2, 1} {
			wantError(t, stop(o, l, after), pipeline.ExitInterrupted, "run the same command again")
		}
		before := fileBytes(t, s.Checkpoint())
		wantSame(t, "while a fit is stopped, the folder", factorOutputs(t, l), want)
		_, err = factorRun(l, o, 2, 0)
		check(t, err)
		wantSame(t, method+" resumed", factorOutputs(t, l), want)
		if _, err := os.Stat(s.Checkpoint()); err == nil {
			t.Error("the checkpoint is still there")
		}
		check(t, os.WriteFile(s.Checkpoint(), before, 0o666))
		other := o
		other.Seed = 1
		job, err := factorRun(l, other, 2, 0)
		check(t, err)
		wantWarning(t, job, "is of other options, and not used: the fit starts from the beginning: seed is 0 there, 1 is asked for")
		x.rows[0][0]++
		changed := prepareTable(t, x, DefaultPrepareOptions())
		check(t, os.WriteFile((&Factor{Layout: changed}).Checkpoint(), before, 0o666))
		_, err = factorRun(changed, o, 2, 0)
		wantError(t, err, pipeline.ExitBadInput, "is of other data than")
		before[len(before)/2] ^= 1
		check(t, os.WriteFile(s.Checkpoint(), before, 0o666))
		_, err = factorRun(l, o, 2, 0)
		wantError(t, err, pipeline.ExitBadInput, s.Checkpoint())
		check(t, os.Remove(s.Checkpoint()))
	}
}

// TestFactorRefuses: options that mean nothing, and data that nothing can be fitted to.
func TestFactorRefuses(t *testing.T) {
	check(t, DefaultFactorOptions().Validate())
	for words, change := range map[string]func(o *FactorOptions){
		"--n-factors is 0":              func(o *FactorOptions) { o.NFactors = 0 },
		"--noise is":                    func(o *FactorOptions) { o.Noise = "cell" },
		"--method is":                   func(o *FactorOptions) { o.Method = "em" },
		"--target-sum is":               func(o *FactorOptions) { o.TargetSum = math.Inf(1) },
		"--hold-out is 0.9":             func(o *FactorOptions) { o.HoldOut = 0.9 },
		"there is nothing to write":     func(o *FactorOptions) { o.HoldOut, o.WriteHeldOut = 0, true },
		"--forgetting-rate is 0.5":      func(o *FactorOptions) { o.ForgettingRate = 0.5 },
		"are for svi, --method is cavi": func(o *FactorOptions) { o.Method, o.Delay = "cavi", 4 },
		"--delay is 0":                  func(o *FactorOptions) { o.Delay = 0 },
		"--minibatch-cells is 1":        func(o *FactorOptions) { o.MinibatchCells = 1 },
		"--tolerance is NaN":            func(o *FactorOptions) { o.Tolerance = math.NaN() },
		"--max-epochs is -1":            func(o *FactorOptions) { o.MaxEpochs = -1 },
		"--checkpoint-every is -1":      func(o *FactorOptions) { o.CheckpointEvery = -1 },
	} {
		o := DefaultFactorOptions()
		change(&o)
		wantError(t, o.Validate(), pipeline.ExitUsage, words)
	}
	x := factorTable()
	for _, row := range x.rows { // the same counts in every cell
		copy(row, x.rows[0])
	}
	_, err := factorRun(prepareTable(t, x, DefaultPrepareOptions()), factorSmall(), 2, 0)
	wantError(t, err, pipeline.ExitBadInput, "do not vary")
	if !strings.Contains(DefaultFactorOptions().settled(mostAscent+1).Method, "svi") || DefaultFactorOptions().settled(10).Method != "cavi" {
		t.Error("auto is not what it says")
	}
}
