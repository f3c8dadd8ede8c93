package stages

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/counts"
	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// queryTable is cells of genes g0 …, each of a sample, a donor and a kit in turn.
func queryTable(cells, genes int, samples, donors, kits []string) *table {
	x := &table{}
	for g := range genes {
		x.genes = append(x.genes, fmt.Sprintf("g%d", g))
	}
	column := func(name string) counts.Column { return counts.Column{Name: name, Kind: counts.String} }
	sample, donor, kit := column("sample"), column("donor"), column("kit")
	age := counts.Column{Name: "age", Kind: counts.Float}
	for i := range cells {
		x.cells = append(x.cells, fmt.Sprintf("cell%d", i))
		row := make([]float64, genes)
		for g := range row {
			row[g] = float64((i*(g+3)*7 + i/3 + g*g) % 11 % (2 + i%3*g%5))
		}
		row[0]++
		x.rows = append(x.rows, row)
		sample.Strings = append(sample.Strings, samples[i%len(samples)])
		donor.Strings = append(donor.Strings, donors[i/2%len(donors)])
		kit.Strings = append(kit.Strings, kits[i/3%len(kits)])
		age.Floats = append(age.Floats, float64(i%17)/10-0.8)
	}
	x.obs = []counts.Column{sample, donor, kit, age}
	return x
}

// trainedReference trains on cells of two samples, two donors and one kit.
func trainedReference(t *testing.T, set func(o *TrainOptions)) Layout {
	t.Helper()
	l := writeStore(t, queryTable(90, 12, []string{"s1", "s2"}, []string{"x", "y"}, []string{"k1"}))
	prepare, train := DefaultPrepareOptions(), DefaultTrainOptions()
	prepare.BatchKey, prepare.CategoricalCovariateKeys, prepare.ContinuousCovariateKeys = "sample", []string{"donor", "kit"}, []string{"age"}
	train.NHidden, train.NLatent, train.NLayers, train.MaxEpochs, train.EncodeCovariates = 16, 4, 2, 4, true
	if set != nil {
		set(&train)
	}
	runAll(t, &Prepare{Layout: l, Options: prepare, Shared: DefaultShared()}, &Train{Layout: l, Options: train, Shared: DefaultShared()}, &Embed{Layout: l})
	return l
}

func runAll(t *testing.T, stages ...pipeline.Stage) (last *pipeline.Job) {
	t.Helper()
	for _, s := range stages {
		job, err := run(s)
		check(t, err)
		last = job
	}
	return last
}

// newCells are of a new sample beside an old one, a new donor and a new kit.
func newCells() *table {
	return queryTable(60, 12, []string{"s9", "s2"}, []string{"y", "z"}, []string{"k2", "k1", "k0"})
}

// query runs all stages but ingest over a table.
func query(t *testing.T, ref Layout, x *table, set func(o *QueryOptions)) (Layout, []*pipeline.Job, error) {
	t.Helper()
	at, o := writeStore(t, x), DefaultQueryOptions()
	o.MaxEpochs = 4
	if set != nil {
		set(&o)
	}
	check(t, o.Validate())
	list, err := QueryStages(at, ref.Model(), DefaultIngestOptions(), o, EmbedOptions{}, DefaultShared())
	check(t, err)
	var jobs []*pipeline.Job
	for _, s := range list[1:] {
		job, err := run(s)
		if jobs = append(jobs, job); err != nil {
			return at, jobs, err
		}
	}
	return at, jobs, nil
}

func epochs(n int) func(o *QueryOptions) {
	return func(o *QueryOptions) { o.Epochs, o.MaxEpochs = &n, 0 }
}

func fileBytes(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	check(t, err)
	return text
}

// embedded is the latent of a run's cells by another model, as the file's bytes.
func embedded(t *testing.T, cells Layout, by Layout) []byte {
	t.Helper()
	out := Layout{t.TempDir()}
	runAll(t, &Embed{Layout: out, StorePath: cells.Store(), PreparedPath: cells.Prepared(), ModelPath: by.Model()})
	return fileBytes(t, out.Latent())
}

// Embedded by the query's model, the reference's cells have the bytes that they had by
// the reference, new levels in every covariate, trained or not.
func TestQueryKeepsReferenceLatent(t *testing.T) {
	for name, set := range map[string]func(o *TrainOptions){
		"encoded":     nil,
		"not encoded": func(o *TrainOptions) { o.EncodeCovariates = false },
		"embedded":    func(o *TrainOptions) { o.BatchRepresentation = "embedding" },
		"flow":        func(o *TrainOptions) { o.Posterior = "flow" },
		"layer norm, latent library, by batch": func(o *TrainOptions) {
			observed := false
			o.UseLayerNorm, o.UseBatchNorm, o.UseObservedLibSize, o.Dispersion, o.GeneLikelihood = "both", "none", &observed, "gene-batch", "zinb"
		},
	} {
		t.Run(name, func(t *testing.T) {
			ref := trainedReference(t, set)
			want := fileBytes(t, ref.Latent())
			for what, o := range map[string]func(o *QueryOptions){"trained": nil, "not trained": epochs(0),
				"random, training mode": func(o *QueryOptions) { o.NewLevels, o.TrainingMode = model.FromRandom, true }} {
				at, jobs, err := query(t, ref, newCells(), o)
				check(t, err)
				if !bytes.Equal(embedded(t, ref, at), want) {
					t.Errorf("%s: the reference's cells have another latent", what)
				}
				wantCounts(t, jobs[1], map[string]int64{"new_batch_levels": 1, "new_covariate_levels": 3})
			}
			free, _, err := query(t, ref, newCells(), func(o *QueryOptions) { o.Unfrozen = true })
			check(t, err)
			if bytes.Equal(embedded(t, ref, free), want) {
				t.Error("--unfrozen changes nothing: this test cannot fail")
			}
		})
	}
}

// The query's model has the reference's levels first, and behind them the new ones.
func TestQueryLevels(t *testing.T) {
	at, _, err := query(t, trainedReference(t, nil), newCells(), nil)
	check(t, err)
	vae, card, err := readModel(at.Model())
	check(t, err)
	if fmt.Sprint(card.BatchLevels, card.CategoricalLevels) != "[s1 s2 s9] [[x y z] [k1 k0 k2]]" || vae.NBatch != 3 || !slices.Equal(vae.NCatsPerCov, []int{3, 3}) {
		t.Errorf("levels %v %v, model %+v", card.BatchLevels, card.CategoricalLevels, vae.Config)
	}
	if card.Epochs != 4 || vae.DropoutRate != 0.1 || len(card.Absent) != 0 {
		t.Errorf("%d epochs, dropout %g, absent %v", card.Epochs, vae.DropoutRate, card.Absent)
	}
	history, err := results.Read(at.History())
	check(t, err)
	if history.Rows() != 4 {
		t.Errorf("%d epochs of history", history.Rows())
	}
}

// New levels are sorted by value, and those without cells are none.
func TestNewLevels(t *testing.T) {
	for _, x := range []struct{ kind, own, levels, want string }{
		{"", "b", "b 10 9 unused a", "[10 9 a]"}, {"integer", "3", "10 9 3 unused", "[9 10]"}, {"", "a b", "b a", "[]"},
	} {
		var codes []int32
		levels := strings.Fields(x.levels)
		for i, l := range levels {
			if l != "unused" {
				codes = append(codes, int32(i))
			}
		}
		if got := fmt.Sprint(newLevels(strings.Fields(x.own), levels, codes, x.kind)); got != x.want {
			t.Errorf("%+v: %s", x, got)
		}
	}
}

// Cells of levels that the reference knows map as embedding by it maps them; so does a
// single cell.
func TestQueryOfKnownLevels(t *testing.T) {
	ref := trainedReference(t, nil)
	for _, n := range []int{40, 1} {
		x := queryTable(n, 12, []string{"s2"}, []string{"x", "y"}, []string{"k1"})
		at, jobs, err := query(t, ref, x, epochs(0))
		check(t, err)
		wantCounts(t, jobs[1], map[string]int64{"new_batch_levels": 0, "new_covariate_levels": 0, "epochs": 0})
		if !bytes.Equal(embedded(t, at, ref), fileBytes(t, at.Latent())) {
			t.Errorf("%d cells: the query's model embeds otherwise than the reference", n)
		}
		if !bytes.Equal(fileBytes(t, filepath.Join(at.Model(), "model.safetensors")), fileBytes(t, filepath.Join(ref.Model(), "model.safetensors"))) {
			t.Error("without new levels and training the weights are others")
		}
	}
	_, _, err := query(t, ref, queryTable(2, 12, []string{"s2"}, []string{"x"}, []string{"k1"}), nil)
	wantError(t, err, pipeline.ExitBadInput, "at least 3")
	trained, _, err := query(t, ref, queryTable(40, 12, []string{"s2"}, []string{"x"}, []string{"k1"}), nil)
	check(t, err)
	if bytes.Equal(fileBytes(t, filepath.Join(trained.Model(), "model.safetensors")), fileBytes(t, filepath.Join(ref.Model(), "model.safetensors"))) {
		t.Error("training moved nothing")
	}
}

// The prior of an inferred library size is the reference's in its batches and the new
// cells' in theirs.
func TestQueryLibraryPrior(t *testing.T) {
	observed := false
	ref := trainedReference(t, func(o *TrainOptions) { o.UseObservedLibSize = &observed })
	x := newCells()
	at, _, err := query(t, ref, x, epochs(0))
	check(t, err)
	prior := func(l Layout) (mean, variance []float32) {
		vae, _, err := readModel(l.Model())
		check(t, err)
		for _, w := range vae.Tensors() {
			switch w.Name {
			case "library_log_means":
				mean = w.Data
			case "library_log_vars":
				variance = w.Data
			}
		}
		return mean, variance
	}
	m0, v0 := prior(ref)
	m1, v1 := prior(at)
	if !slices.Equal(m1[:2], m0) || !slices.Equal(v1[:2], v0) {
		t.Errorf("the old batches' prior %v %v became %v %v", m0, v0, m1, v1)
	}
	sum, squares, n := 0.0, 0.0, 0.0
	for i, row := range x.rows {
		if i%2 == 1 { // sample s2
			continue
		}
		total := 0.0
		for _, v := range row {
			total += v
		}
		sum, squares, n = sum+math.Log(total), squares+math.Log(total)*math.Log(total), n+1
	}
	mean := sum / n
	if math.Abs(float64(m1[2])-mean) > 1e-5 || math.Abs(float64(v1[2])-(squares/n-mean*mean)) > 1e-5 {
		t.Errorf("the new batch's prior %g %g, want %g %g", m1[2], v1[2], mean, squares/n-mean*mean)
	}
}

func TestQueryRefuses(t *testing.T) {
	ref := trainedReference(t, nil)
	x := newCells()
	x.obs[1].Name = "donor_id"
	_, _, err := query(t, ref, x, nil)
	wantError(t, err, pipeline.ExitBadInput, "donor")
	_, err = QueryStages(ref, ref.Dir, DefaultIngestOptions(), DefaultQueryOptions(), EmbedOptions{}, DefaultShared())
	wantError(t, err, pipeline.ExitUsage, "is the reference's own folder")
	_, err = QueryStages(Layout{t.TempDir()}, t.TempDir(), DefaultIngestOptions(), DefaultQueryOptions(), EmbedOptions{}, DefaultShared())
	wantError(t, pipeline.Explain(err), pipeline.ExitNoInput, "model.json")
	l := writeStore(t, queryTable(60, 12, []string{"s1", "s2"}, []string{"x"}, []string{"k"}))
	train := DefaultTrainOptions()
	train.ModelClass, train.MaxEpochs = model.LinearSCVI, 1
	runAll(t, &Prepare{Layout: l, Options: DefaultPrepareOptions(), Shared: DefaultShared()}, &Train{Layout: l, Options: train, Shared: DefaultShared()})
	_, err = QueryStages(Layout{t.TempDir()}, l.Dir, DefaultIngestOptions(), DefaultQueryOptions(), EmbedOptions{}, DefaultShared())
	wantError(t, err, pipeline.ExitBadInput, "LinearSCVI, which takes no query")
}

// Labels that the model does without may be missing; the batch may be called otherwise.
func TestQueryKeys(t *testing.T) {
	l := writeStore(t, queryTable(60, 12, []string{"s1", "s2"}, []string{"x", "y"}, []string{"k"}))
	prepare, train := DefaultPrepareOptions(), DefaultTrainOptions()
	prepare.BatchKey, prepare.LabelsKey, train.MaxEpochs = "sample", "donor", 1
	runAll(t, &Prepare{Layout: l, Options: prepare, Shared: DefaultShared()}, &Train{Layout: l, Options: train, Shared: DefaultShared()})
	x := newCells()
	x.obs[0].Name, x.obs = "patient", x.obs[:1]
	at, _, err := query(t, l, x, func(o *QueryOptions) { o.BatchKey = "patient" })
	check(t, err)
	_, card, err := readModel(at.Model())
	check(t, err)
	if fmt.Sprintf("%v %v %v %v", card.BatchKey, card.BatchLevels, card.LabelsKey, card.LabelLevels) != "sample [s1 s2 s9] donor [x y]" {
		t.Errorf("%+v", card.covariates)
	}
}

// A query that is stopped goes on from its checkpoint, unless it is another query.
func TestQueryResumes(t *testing.T) {
	ref := trainedReference(t, nil)
	want, _, err := query(t, ref, newCells(), nil)
	check(t, err)
	for what, same := range map[string]bool{"the same": true, "others frozen": false} {
		at, o := writeStore(t, newCells()), DefaultQueryOptions()
		o.MaxEpochs, o.CheckpointEvery = 4, 0
		if !same {
			o.FreezeDecoderFirstLayer = false
		}
		list, err := QueryStages(at, ref.Model(), DefaultIngestOptions(), o, EmbedOptions{}, DefaultShared())
		check(t, err)
		runAll(t, list[1])
		ctx, stop := context.WithCancel(context.Background())
		job := pipeline.NewJob(zerolog.Nop(), &stopAfter{Progress: pipeline.NewLines(zerolog.Nop()), stop: stop, epochs: 2}, 1, 0)
		err = list[2].Run(ctx, job)
		wantError(t, err, pipeline.ExitInterrupted, "run the same command again")
		o.FreezeDecoderFirstLayer = true
		list, err = QueryStages(at, ref.Model(), DefaultIngestOptions(), o, EmbedOptions{}, DefaultShared())
		check(t, err)
		if !same {
			_, err := run(list[2])
			wantError(t, err, pipeline.ExitBadInput, at.Checkpoint()+": is of other data")
			check(t, os.Remove(at.Checkpoint()))
		}
		runAll(t, list[2:]...)
		if !bytes.Equal(fileBytes(t, at.Latent()), fileBytes(t, want.Latent())) {
			t.Errorf("%s: another latent than without interruption", what)
		}
	}
}

// stopAfter cancels after some epochs.
type stopAfter struct {
	pipeline.Progress
	stop   func()
	epochs int
}

func (s *stopAfter) Epoch(e pipeline.Epoch) {
	if s.Progress.Epoch(e); e.Number == s.epochs {
		s.stop()
	}
}
