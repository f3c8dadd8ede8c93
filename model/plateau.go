package model

// Plateau lowers the learning rate when Metric has not fallen by more than Threshold
// for more than Patience epochs, as PyTorch's ReduceLROnPlateau does with threshold_mode
// abs. The defaults are scvi-tools'.
type Plateau struct {
	Enabled   bool    `json:"reduce_lr_on_plateau"`
	Factor    float64 `json:"lr_factor"`
	Patience  int     `json:"lr_patience"`
	Threshold float64 `json:"lr_threshold"`
	Metric    string  `json:"lr_scheduler_metric"` // one of Metrics
	Min       float64 `json:"lr_min"`
}

// DefaultPlateau is scvi-tools', which is off.
func DefaultPlateau() Plateau {
	return Plateau{Factor: 0.6, Patience: 30, Metric: "elbo_validation"}
}

// leastFall is the smallest change of the learning rate that is made (PyTorch's eps).
const leastFall = 1e-8

// rate is the learning rate and what decides over it.
type rate struct {
	LR   float64 `json:"lr"`
	Best float64 `json:"best"`
	Bad  int     `json:"bad"` // epochs without a fall
	Seen bool    `json:"seen"`
}

// step takes in an epoch's value.
func (r *rate) step(p Plateau, value float64) {
	if !r.Seen && value == value || value < r.Best-p.Threshold {
		r.Best, r.Bad, r.Seen = value, 0, true
	} else {
		r.Bad++
	}
	if r.Bad <= p.Patience {
		return
	}
	r.Bad = 0
	if lower := max(r.LR*p.Factor, p.Min); r.LR-lower > leastFall {
		r.LR = lower
	}
}
