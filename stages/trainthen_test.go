package stages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/model"
	"cellvi/pipeline"
)

// What embed or reconstruct would refuse is refused before training, not after it.
func TestTrainLooksAhead(t *testing.T) {
	l := prepareTable(t, trainable(), DefaultPrepareOptions())
	list := filepath.Join(t.TempDir(), "genes.txt")
	check(t, os.WriteFile(list, []byte("g1\nnone\n"), 0o666))
	unknown := &Reconstruct{Layout: l, Options: ReconstructOptions{Reconstruct: "px_rate", ReconstructGenes: list}}
	_, err := run(&Train{Layout: l, Options: quick(), Shared: DefaultShared(), Then: []Afterwards{&Embed{Layout: l}, unknown}})
	wantError(t, err, pipeline.ExitBadInput, "1 of 2 genes", "none")
	if _, err := os.Stat(l.Model()); err == nil {
		t.Error("trained all the same")
	}
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, 110e6)
	cfg, genes := model.DefaultConfig(), strings.Fields(strings.Repeat("g ", 2000))
	cfg.NInput, cfg.NBatch = len(genes), 1
	check(t, (&Embed{}).ahead(job, cfg, genes, 1000))
	wantError(t, (&Embed{}).ahead(job, cfg, genes, 1_000_000), pipeline.ExitOverMemory, "110 MB", "--memory")
	checked := &Check{Options: DefaultCheckOptions()}
	check(t, checked.ahead(job, cfg, genes, 1000))
	wantError(t, checked.ahead(job, cfg, genes, 1_000_000), pipeline.ExitOverMemory, "110 MB", "without --check")
	wantError(t, (&Reconstruct{Options: DefaultReconstructOptions()}).ahead(job, cfg, genes, 1_000_000), pipeline.ExitOverMemory, "--no-reconstruct")
}

// Options that change nothing are told of, and only those.
func TestIdleOptions(t *testing.T) {
	l := prepareTable(t, trainable(), DefaultPrepareOptions())
	o := quick()
	job, err := run(&Train{Layout: l, Options: o, Shared: DefaultShared()})
	check(t, err)
	if len(job.Warnings()) > 0 {
		t.Errorf("warns of %q", job.Warnings())
	}
	o.Bias, o.AlphaPrior, o.BatchEmbeddingDim, o.NStepsKLWarmup, o.LRPatience, o.EarlyStoppingPatience, o.CheckValEveryNEpoch = true, 0.3, 7, 5, 3, 3, 9
	job, err = run(&Train{Layout: l, Options: o, Shared: DefaultShared()})
	check(t, err)
	for _, want := range []string{"--bias changes nothing", "--alpha-prior changes nothing", "--batch-embedding-dim", "--n-steps-kl-warmup",
		"--lr-patience", "--early-stopping-patience", "validation cells are never evaluated"} {
		wantWarning(t, job, want)
	}
	if len(job.Warnings()) != 7 {
		t.Errorf("warns of %q", job.Warnings())
	}
}
