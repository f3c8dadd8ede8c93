package model

import "math"

// HeuristicEpochs is the number of epochs that scvi-tools trains n cells for:
// round(400·20000/n), half to even, at least 1 and at most 400.
func HeuristicEpochs(n int) int {
	e := math.RoundToEven(20000 / float64(n) * 400)
	return int(max(1, min(e, 400)))
}

// KLWarmup is how the KL term's weight grows: linearly from Min to Max over
// Epochs epochs, or where Epochs is 0 over Steps steps, or where both are 0 not
// at all (always Max). scvi-tools' default of 400 epochs is never rescaled to
// the number trained: E < 400 epochs end at weight (E−1)/400.
type KLWarmup struct {
	Epochs int     `json:"n_epochs_kl_warmup"`
	Steps  int     `json:"n_steps_kl_warmup"`
	Min    float64 `json:"min_kl_weight"`
	Max    float64 `json:"max_kl_weight"`
}

// AutoWarmup is the KLWarmup's Epochs and Steps that end well before so many epochs of
// training do, each of so many minibatches: half of the epochs, rounded up; of a single
// epoch, which as a whole would have the weight that a warm-up begins with, half of the
// minibatches. bench/warmup.py measured the share.
func AutoWarmup(epochs, minibatches int) (of, steps int) {
	if epochs == 1 {
		return 0, int(autoShare * float64(minibatches))
	}
	return int(math.Ceil(autoShare * float64(epochs))), 0
}

// autoShare is the warm-up's share of the epochs.
const autoShare = 0.5

// Weight is the KL weight at an epoch and a step, both from 0.
func (k KLWarmup) Weight(epoch, step int) float64 {
	at, over := epoch, k.Epochs
	if over == 0 {
		at, over = step, k.Steps
	}
	if over == 0 || at >= over {
		return k.Max
	}
	return k.Min + (k.Max-k.Min)*float64(at)/float64(over)
}

// EarlyStopping ends training when Monitor has not fallen by more than MinDelta
// for Patience epochs, counted from epoch Warmup.
type EarlyStopping struct {
	Enabled  bool    `json:"early_stopping"`
	Monitor  string  `json:"early_stopping_monitor"` // one of Metrics
	MinDelta float64 `json:"early_stopping_min_delta"`
	Patience int     `json:"early_stopping_patience"`
	Warmup   int     `json:"early_stopping_warmup_epochs"`
}

// stopper is the state of early stopping.
type stopper struct {
	Best float64 `json:"best"`
	Wait int     `json:"wait"`
	Seen bool    `json:"seen"`
}

// stop says whether training ends after an epoch (from 0) with this value.
func (s *stopper) stop(e EarlyStopping, epoch int, value float64) bool {
	if !e.Enabled || epoch < e.Warmup {
		return false
	}
	if !s.Seen || value < s.Best-e.MinDelta {
		s.Best, s.Wait, s.Seen = value, 0, true
		return false
	}
	s.Wait++
	return s.Wait >= e.Patience
}
