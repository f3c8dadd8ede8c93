package stages

import (
	"math"

	"cellvi/io/results"
	"cellvi/model"
)

// historyColumns names the history as scvi-tools does. Losses are per cell,
// summed over genes, the ELBO as a loss at KL weight 1; NaN where there are no
// validation cells.
func historyColumns(history []model.EpochStats) []results.Column {
	epoch := results.Column{Name: "epoch", Int64: []int64{}}
	cols := []results.Column{}
	for _, name := range []string{"elbo_train", "elbo_validation", "reconstruction_loss_train", "reconstruction_loss_validation",
		"kl_local_train", "kl_local_validation", "train_loss_epoch", "validation_loss", "kl_weight", "lr"} {
		cols = append(cols, results.Column{Name: name, Float64: []float64{}})
	}
	for _, e := range history {
		v := validated(e)
		epoch.Int64 = append(epoch.Int64, int64(e.Epoch))
		for i, x := range []float64{e.Train.ELBO(), v.ELBO(), e.Train.Rec, v.Rec, e.Train.KL, v.KL, e.Train.Loss, v.Loss, e.KLWeight, e.LR} {
			cols[i].Float64 = append(cols[i].Float64, x)
		}
	}
	return append([]results.Column{epoch}, cols...)
}

// validated is an epoch's losses of validation cells, NaN where there are none.
func validated(e model.EpochStats) model.Losses {
	if e.Validation == nil {
		return model.Losses{Loss: math.NaN(), Rec: math.NaN(), KL: math.NaN(), KLGlobal: math.NaN()}
	}
	return *e.Validation
}

// trainedColumns are historyColumns, and the divergence of what belongs to no cell
// where a model has that.
func trainedColumns(cfg model.Config, history []model.EpochStats) []results.Column {
	cols := historyColumns(history)
	if cfg.Model != model.AutoZI {
		return cols
	}
	train, validation := results.Column{Name: "kl_global_train", Float64: []float64{}}, results.Column{Name: "kl_global_validation", Float64: []float64{}}
	for _, e := range history {
		train.Float64 = append(train.Float64, e.Train.KLGlobal)
		validation.Float64 = append(validation.Float64, validated(e).KLGlobal)
	}
	return append(cols, train, validation)
}
