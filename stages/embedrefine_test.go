package stages

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// refineRun embeds with refinement into a folder.
func refineRun(t *testing.T, s *scatter, to string, part string, threads int, progress pipeline.Progress, change func(e *Embed)) (Layout, *pipeline.Job, error) {
	t.Helper()
	l := Layout{filepath.Join(s.root, to)}
	e := &Embed{Layout: l, StorePath: s.data.Store(), PreparedPath: s.data.Prepared(), ModelPath: s.model, Options: s.embed, Part: PartOptions{Part: part}, rowGroups: s.rowGroups, Seed: 5}
	if change != nil {
		change(e)
	}
	if progress == nil {
		progress = pipeline.NewLines(zerolog.Nop())
	}
	job := pipeline.NewJob(zerolog.Nop(), progress, threads, 0)
	check(t, e.Options.Validate())
	return l, job, e.Run(t.Context(), job)
}

// refinedFiles are what a refined embedding writes.
func refinedFiles(t *testing.T, l Layout) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, path := range []string{l.Latent(), l.Refined()} {
		text, err := os.ReadFile(path)
		check(t, err)
		files[filepath.Base(path)] = text
	}
	return files
}

// refiningScatter is the example with a model of a kind, refined as full Gaussians.
func refiningScatter(t *testing.T, model int) *scatter {
	t.Helper()
	s := exampleScatter(t)
	s.model = scatterable(t)[model]
	s.embed = EmbedOptions{LatentVar: true, Refine: "full", RefineAssess: 100}
	return s
}

// TestRefineSame: the same bytes for any number of threads, and of parts that are joined.
func TestRefineSame(t *testing.T) {
	for kind, family := range []string{"diag", "mixture", "full", "flow"} {
		s := refiningScatter(t, kind)
		s.embed.Refine = family
		l, _, err := refineRun(t, s, "whole", "", 1, nil, nil)
		check(t, err)
		want := refinedFiles(t, l)
		for _, threads := range []int{2, 3} {
			l, _, err := refineRun(t, s, fmt.Sprint("threads", threads), "", threads, nil, nil)
			check(t, err)
			wantSame(t, fmt.Sprintf("%s, %d threads", family, threads), refinedFiles(t, l), want)
		}
		var dirs []string
		for i := range 3 {
			l, _, err := refineRun(t, s, fmt.Sprint("part", i), fmt.Sprintf("%d/3", i+1), 2, nil, nil)
			check(t, err)
			dirs = append(dirs, l.Dir)
		}
		whole, err := s.gather(dirs[2], dirs[0], dirs[1])
		check(t, err)
		wantSame(t, family+", gathered", refinedFiles(t, whole), want)
	}
}

// TestRefineImproves: the bounds rise, what is written of mean and variance agrees in both
// files, and the covariance is one.
func TestRefineImproves(t *testing.T) {
	for kind := range 4 {
		s := refiningScatter(t, kind)
		l, job, err := refineRun(t, s, "out", "", 2, nil, nil)
		check(t, err)
		latent, err := results.Read(l.Latent())
		check(t, err)
		refined, err := results.Read(l.Refined())
		check(t, err)
		if refined.Index != "cell_id" || refined.Rows() != latent.Rows() {
			t.Fatalf("index %q, %d rows of %d", refined.Index, refined.Rows(), latent.Rows())
		}
		of := func(name string, i int) float64 { return float64(refined.Column(name).Float32[i]) }
		gain, unsettled := 0.0, int64(0)
		for i := range refined.Rows() {
			gain += (of("elbo_after", i) - of("elbo_before", i)) / float64(refined.Rows())
			if of("converged", i) == 0 {
				unsettled++
			}
			if b := of("bound", i); !(b >= of("elbo_after", i)-1e-3) {
				t.Errorf("cell %d: the bound %v is below the ELBO %v", i, b, of("elbo_after", i))
			}
			for j := range 3 {
				v := of(fmt.Sprintf("cov_%d_%d", j, j), i)
				if v != float64(latent.Column(fmt.Sprintf("latent_var_%d", j)).Float32[i]) || !(v > 0) {
					t.Fatalf("cell %d: variance %v", i, v)
				}
				for k := range j {
					if c := of(fmt.Sprintf("cov_%d_%d", k, j), i); math.Abs(c) > math.Sqrt(v*of(fmt.Sprintf("cov_%d_%d", k, k), i))*(1+1e-5) {
						t.Fatalf("cell %d: a correlation above 1", i)
					}
				}
			}
		}
		if gain < 0.01 {
			t.Errorf("model %d: refinement gains %v nats a cell", kind, gain)
		}
		if job.Counts()["cells_not_converged"] != unsettled || (unsettled > 0) != (len(job.Warnings()) > 0) {
			t.Errorf("%d not converged, counted %v, told %q", unsettled, job.Counts(), job.Warnings())
		}
		if exists(l.Refining()) {
			t.Error("the log stays")
		}
	}
}

// stopAt cancels when so many cells are done.
type stopAt struct {
	pipeline.Progress
	cells  int64
	cancel context.CancelFunc
}

func (s *stopAt) Add(n int64) {
	if s.cells -= n; s.cells <= 0 {
		s.cancel()
	}
}

// Again counts alike.
func (s *stopAt) Again(n int64) { s.Add(n) }

// TestRefineGoesOn: a refinement that is stopped says so, keeps what it did, and gives the
// same bytes when it goes on; other options do not take it up.
func TestRefineGoesOn(t *testing.T) {
	s := refiningScatter(t, 0)
	l, _, err := refineRun(t, s, "whole", "", 1, nil, nil)
	check(t, err)
	want := refinedFiles(t, l)
	rng := rand.New(rand.NewPCG(1, 1))
	for trial := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		l := Layout{filepath.Join(s.root, fmt.Sprint("stopped", trial))}
		e := &Embed{Layout: l, StorePath: s.data.Store(), PreparedPath: s.data.Prepared(), ModelPath: s.model, Options: s.embed, rowGroups: s.rowGroups, Seed: 5}
		job := pipeline.NewJob(zerolog.Nop(), &stopAt{pipeline.NewLines(zerolog.Nop()), 1 + rng.Int64N(60), cancel}, 2, 0)
		wantError(t, e.Run(ctx, job), pipeline.ExitInterrupted, "run the same command again", l.Refining())
		if exists(l.Latent()) || exists(l.Refined()) || !exists(l.Refining()) {
			t.Fatal("there is a result, or no log")
		}
		if trial == 3 { // of another seed
			_, job, err := refineRun(t, s, filepath.Base(l.Dir), "", 1, nil, func(e *Embed) { e.Seed = 6 })
			check(t, err)
			if len(job.Warnings()) == 0 {
				t.Error("nothing is told of the log of another seed")
			}
			continue
		}
		_, job, err := refineRun(t, s, filepath.Base(l.Dir), "", 3, nil, nil)
		check(t, err)
		if len(job.Warnings()) > 1 {
			t.Error(job.Warnings())
		}
		wantSame(t, "gone on", refinedFiles(t, l), want)
	}
}

// TestRefinedPartsGoTogether: parts that were refined otherwise, or not, are refused.
func TestRefinedPartsGoTogether(t *testing.T) {
	s := refiningScatter(t, 0)
	part := func(to, part string, change func(e *Embed)) string {
		l, _, err := refineRun(t, s, to, part, 1, nil, change)
		check(t, err)
		return l.Dir
	}
	one := part("one", "1/2", nil)
	for name, change := range map[string]func(e *Embed){
		"another family": func(e *Embed) { e.Options.Refine = "diag" },
		"another seed":   func(e *Embed) { e.Seed = 6 },
		"none":           func(e *Embed) { e.Options.Refine, e.Options.RefineAssess = "", 0 },
	} {
		_, err := s.gather(one, part(name, "2/2", change))
		wantError(t, err, pipeline.ExitBadInput, "embed every part with the same --refine")
	}
	two := part("two", "2/2", nil)
	check(t, os.Remove(Layout{two}.Refined()))
	_, err := s.gather(one, two)
	wantError(t, err, pipeline.ExitBadInput, "refined.parquet", "misses part 2 of 2")
}

// TestRefinedIsReplaced: an embedding that is not refined takes the place of one that is,
// with what belongs to it; a file of another's stays.
func TestRefinedIsReplaced(t *testing.T) {
	s := refiningScatter(t, 0)
	l, _, err := refineRun(t, s, "out", "", 1, nil, nil)
	check(t, err)
	plain := func(e *Embed) { e.Options = EmbedOptions{} }
	_, _, err = refineRun(t, s, "out", "", 1, nil, plain)
	check(t, err)
	if exists(l.Refined()) {
		t.Error("refined.parquet stands beside a latent that is not refined")
	}
	check(t, results.Write(l.Refined(), "", nil, results.Column{Name: "mine", Int32: []int32{1}}))
	_, _, err = refineRun(t, s, "out", "", 1, nil, plain)
	check(t, err)
	if !exists(l.Refined()) {
		t.Error("a file that is none of ours was removed")
	}
}

// TestRefineWithinMemory: what does not fit is refused before anything is done.
func TestRefineWithinMemory(t *testing.T) {
	s := refiningScatter(t, 0)
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 2, 84.5e6)
	e := &Embed{Layout: Layout{filepath.Join(s.root, "small")}, StorePath: s.data.Store(), PreparedPath: s.data.Prepared(), ModelPath: s.model, Options: s.embed}
	wantError(t, e.Run(t.Context(), job), pipeline.ExitOverMemory, "--memory allows")
}

// TestRefineOptions: mistakes are usage errors.
func TestRefineOptions(t *testing.T) {
	for want, o := range map[string]EmbedOptions{
		`--refine is "flat"`:        {Refine: "flat"},
		"without --refine":          {RefineOptions: RefineOptions{MaxSteps: 3}},
		"--refine-tolerance is -1":  {Refine: "full", RefineOptions: RefineOptions{Tolerance: -1}},
		"--refine-samples is -2":    {Refine: "full", RefineOptions: RefineOptions{Samples: -2}},
		"--refine-max-steps is -3":  {Refine: "diag", RefineOptions: RefineOptions{MaxSteps: -3}},
		"--refine-assess is -1":     {Refine: "diag", RefineAssess: -1},
		"--refine-tolerance is NaN": {Refine: "full", RefineOptions: RefineOptions{Tolerance: math.NaN()}},
	} {
		wantError(t, o.Validate(), pipeline.ExitUsage, want)
	}
}
