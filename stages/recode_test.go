package stages

import (
	"reflect"
	"testing"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

func readPreparedOf(s *Prepare) (*prepared, error) {
	st, err := store.Open(s.Store())
	if err != nil {
		return nil, err
	}
	defer st.Close() // only read from
	return readPrepared(s.Prepared(), st)
}

// card is a model of the cells of newcomers, but that its levels and covariates stand in
// another order.
func card() *modelCard {
	return &modelCard{Config: model.Config{Dispersion: "gene-label"}, covariates: covariates{
		BatchKey: "b", BatchLevels: []string{"x", "y", "z"}, LabelsKey: "l", LabelLevels: []string{"T", "B"},
		CategoricalKeys: []string{"c", "d"}, CategoricalLevels: [][]string{{"1", "2"}, {"p", "q"}},
		ContinuousKeys: []string{"u", "v"}, SizeFactorKey: "s",
	}}
}

func newcomers() *prepared {
	return &prepared{
		covariates: covariates{
			BatchKey: "b", BatchLevels: []string{"z", "x", "unused"}, LabelsKey: "l", LabelLevels: []string{"B", "T"},
			CategoricalKeys: []string{"e", "d", "c"}, CategoricalLevels: [][]string{{"0"}, {"q", "p"}, {"2"}},
			ContinuousKeys: []string{"v", "w", "u"}, SizeFactorKey: "s",
		},
		Row: []int32{0, 1}, Batch: []int32{0, 1}, Label: []int32{0, 1}, Cats: [][]int32{{0, 0}, {0, 1}, {0, 0}},
		Conts: [][]float32{{1, 2}, {3, 4}, {5, 6}}, Factor: []float32{7, 8},
	}
}

func TestRecode(t *testing.T) {
	p := newcomers()
	check(t, card().recode(p, "dir"))
	for what, x := range map[string][2]any{
		"batch": {p.Batch, []int32{2, 0}}, "label": {p.Label, []int32{1, 0}}, "categorical": {p.Cats, [][]int32{{1, 1}, {1, 0}}},
		"continuous": {p.Conts, [][]float32{{5, 6}, {1, 2}}}, "size factors": {p.Factor, []float32{7, 8}},
	} {
		if !reflect.DeepEqual(x[0], x[1]) {
			t.Errorf("%s became %v, want %v", what, x[0], x[1])
		}
	}
	p, c := newcomers(), card()
	c.Config.Dispersion, c.SizeFactorKey, p.LabelLevels[0] = "gene", "", "unknown"
	check(t, c.recode(p, "dir"))
	if p.Label != nil || p.Factor != nil {
		t.Errorf("what the model does not use was kept: %v %v", p.Label, p.Factor)
	}
}

func TestRecodeRefuses(t *testing.T) {
	for says, spoil := range map[string]func(p *prepared){
		"dir: the batch new of column b is not one that the model was trained on (x, y, z)":       func(p *prepared) { p.BatchLevels[1] = "new" },
		"dir: the label NK of column l is not":                                                    func(p *prepared) { p.LabelLevels[0] = "NK" },
		"dir: the level 3 of column c is not one that the model was trained on (1, 2)":            func(p *prepared) { p.CategoricalLevels[2][0] = "3" },
		"dir: has no batch b, which the model needs: run cellvi prepare again with --batch-key b": func(p *prepared) { p.BatchKey = "" },
		"with --labels-key l":                 func(p *prepared) { p.LabelsKey = "" },
		"with --categorical-covariate-keys d": func(p *prepared) { p.CategoricalKeys[1] = "D" },
		"with --continuous-covariate-keys u":  func(p *prepared) { p.ContinuousKeys[2] = "U" },
		"has no size factor s, which the":     func(p *prepared) { p.SizeFactorKey = "size" },
	} {
		p := newcomers()
		spoil(p)
		wantError(t, card().recode(p, "dir"), pipeline.ExitBadInput, says)
	}
}
