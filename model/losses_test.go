package model

import (
	"math"
	"testing"
)

// AutoZI's loss is scvi-tools': the cells' times their number, plus the genes'
// divergence; the ELBO has a share of that for each cell.
func TestLossesOfAutoZI(t *testing.T) {
	cells := structured(100, 30)
	cfg := DefaultConfig()
	cfg.Model, cfg.GeneLikelihood, cfg.NInput, cfg.NBatch, cfg.NHidden = AutoZI, "zinb", 30, 2, 16
	v := New[float32](cfg)
	v.Initialize(1)
	opt := testOptions(1, 1)
	opt.BatchSize, opt.KL = 128, KLWarmup{Max: 0.25}
	rows := all(cells)
	before := v.globalKL()
	tr := NewTrainer(v, cells, rows[:80], rows[80:], opt)
	defer tr.Close()
	stats, err := tr.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if before <= 0 || stats.Train.KLGlobal != before || stats.Validation.KLGlobal != v.globalKL() || before == v.globalKL() {
		t.Errorf("the genes' divergences are %g and %g, want %g and %g", stats.Train.KLGlobal, stats.Validation.KLGlobal, before, v.globalKL())
	}
	for name, l := range map[string]Losses{"train": stats.Train, "validation": *stats.Validation} {
		loss := 80*(l.Rec+0.25*l.KL) + l.KLGlobal
		n := map[string]float64{"train": 80, "validation": 20}[name]
		if elbo := l.Rec + l.KL + l.KLGlobal/n; math.Abs(l.Loss/loss-1) > 1e-12 || math.Abs(l.ELBO()/elbo-1) > 1e-12 {
			t.Errorf("%s: loss %g and ELBO %g, want %g and %g", name, l.Loss, l.ELBO(), loss, elbo)
		}
	}
}

func TestMetrics(t *testing.T) {
	e := EpochStats{Train: Losses{Loss: 1, Rec: 2, KL: 3, KLGlobal: 40, Cells: 10}, Validation: &Losses{Loss: 5, Rec: 6, KL: 7, KLGlobal: 80, Cells: 20}}
	want := map[string]float64{"elbo_train": 9, "reconstruction_loss_train": 2, "kl_local_train": 3, "kl_global_train": 40, "train_loss": 1, "train_loss_epoch": 1,
		"elbo_validation": 17, "reconstruction_loss_validation": 6, "kl_local_validation": 7, "kl_global_validation": 80, "validation_loss": 5}
	for _, name := range Metrics() {
		if got, known := e.Metric(name); !known || got != want[name] {
			t.Errorf("%s is %g (known: %v), want %g", name, got, known, want[name])
		}
		got, _ := EpochStats{Train: e.Train}.Metric(name)
		if math.IsNaN(got) != Validates(name) {
			t.Errorf("%s without validation is %g", name, got)
		}
	}
	if len(want) != len(Metrics()) {
		t.Errorf("%d metrics, want %d", len(Metrics()), len(want))
	}
	if _, known := e.Metric("lr"); known || Validates("lr") {
		t.Error("lr is taken for a metric")
	}
}

// Validation every second epoch: early stopping counts those alone.
func TestValidationEveryNEpochs(t *testing.T) {
	opt := testOptions(20, 1)
	opt.CheckVal, opt.Stop = 3, EarlyStopping{Enabled: true, Monitor: "elbo_validation", Patience: 2, MinDelta: 1e9}
	tr := newTestTrainer(structured(60, 30), opt)
	defer tr.Close()
	runEpochs(t, tr)
	for i, e := range tr.History {
		if (e.Validation != nil) != (i%3 == 2) {
			t.Errorf("epoch %d: validation %v", i, e.Validation)
		}
	}
	if len(tr.History) != 9 || !tr.StoppedEarly() {
		t.Errorf("stopped after %d epochs, want 9", len(tr.History))
	}
}
