package stages

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"cellvi/model"
)

// WarmupEpochs is the length of the KL warm-up: a number of epochs, or AutoWarmup.
type WarmupEpochs int

// AutoWarmup is a warm-up that ends well before training does: model.AutoWarmup of the
// epochs planned.
const AutoWarmup WarmupEpochs = math.MinInt32

const autoWord = "auto"

// UnmarshalText reads a whole number or auto. Its error is for a flag of kong's.
func (w *WarmupEpochs) UnmarshalText(text []byte) error {
	if string(text) == autoWord {
		*w = AutoWarmup
		return nil
	}
	n, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil || WarmupEpochs(n) == AutoWarmup {
		return fmt.Errorf("%q is neither a whole number of epochs nor auto", text)
	}
	*w = WarmupEpochs(n)
	return nil
}

// MarshalJSON writes the number as a number, so that a run of before there was auto
// stands, and auto as "auto".
func (w WarmupEpochs) MarshalJSON() ([]byte, error) {
	if w == AutoWarmup {
		return json.Marshal(autoWord)
	}
	return json.Marshal(int(w))
}

// warmup is how the KL weight grows in a training of so many epochs, each of about so
// many minibatches.
func (o FitOptions) warmup(epochs, minibatches int) model.KLWarmup {
	k := model.KLWarmup{Epochs: int(o.NEpochsKLWarmup), Steps: o.NStepsKLWarmup, Min: o.MinKLWeight, Max: o.MaxKLWeight}
	if o.NEpochsKLWarmup == AutoWarmup {
		k.Epochs, k.Steps = model.AutoWarmup(epochs, minibatches)
	}
	return k
}

// finalWeight tells the KL weight of a whole training's last step, and the flag that
// rules it.
func finalWeight(opt model.TrainOptions, batches int) string {
	final := opt.KL.Weight(opt.MaxEpochs-1, opt.MaxEpochs*batches-1)
	return fmt.Sprintf("the KL weight will end at %.4g (%s)", final, warmupFlag(opt.KL))
}

// warmupFlag names the flag that rules the KL weight, auto by its number.
func warmupFlag(k model.KLWarmup) string {
	switch {
	case k.Epochs > 0:
		return fmt.Sprintf("--n-epochs-kl-warmup %d", k.Epochs)
	case k.Steps > 0:
		return fmt.Sprintf("--n-steps-kl-warmup %d", k.Steps)
	}
	return "no warm-up"
}
