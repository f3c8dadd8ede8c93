package stages

import (
	"slices"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// recode makes the prepared cells' covariates those of the model: levels get its codes,
// by name, and covariates its order. What the model does not have is left out. dir, where
// the cells were prepared, is for messages.
func (c *modelCard) recode(p *prepared, dir string) error {
	if p.BatchKey == "" && c.BatchKey != "" {
		return lacks(dir, "batch", "--batch-key", c.BatchKey)
	}
	if err := recodeLevels(p.Batch, "batch", p.BatchKey, p.BatchLevels, c.BatchLevels, dir); err != nil {
		return err
	}
	if err := c.recodeLabels(p, dir); err != nil {
		return err
	}
	if err := c.recodeCategorical(p, dir); err != nil {
		return err
	}
	return c.recodeNumbers(p, dir)
}

// recodeLevels maps codes of levels to those of the model's, in place.
func recodeLevels(codes []int32, what, key string, levels, models []string, dir string) error {
	at := map[string]int32{}
	for i, l := range models {
		at[l] = int32(i)
	}
	code := make([]int32, len(levels))
	for i, l := range levels {
		k, known := at[l]
		if !known && slices.Contains(codes, int32(i)) {
			return pipeline.BadInput("%s: the %s %s of column %s is not one that the model was trained on (%s): leave these cells out, or map them with cellvi query",
				dir, what, counts.Printable(l), counts.Printable(key), some(printable(models), 20))
		}
		code[i] = k
	}
	for i, b := range codes {
		codes[i] = code[b]
	}
	return nil
}

// usesLabels says whether the model has parameters by label.
func (c *modelCard) usesLabels() bool {
	return c.Config.Dispersion == "gene-label" || c.Config.Model == "AUTOZI" && c.Config.ZeroInflation == "gene-label"
}

// recodeLabels drops the labels where the model does not use them.
func (c *modelCard) recodeLabels(p *prepared, dir string) error {
	if !c.usesLabels() || len(c.LabelLevels) == 1 && p.Label == nil {
		p.Label = nil
		return nil
	}
	if p.LabelsKey == "" {
		return lacks(dir, "labels", "--labels-key", c.LabelsKey)
	}
	if p.Label == nil { // one level
		p.Label = make([]int32, len(p.Row))
	}
	return recodeLevels(p.Label, "label", p.LabelsKey, p.LabelLevels, c.LabelLevels, dir)
}

func (c *modelCard) recodeCategorical(p *prepared, dir string) error {
	var cats [][]int32
	for i, key := range c.CategoricalKeys {
		k := slices.Index(p.CategoricalKeys, key)
		if k < 0 {
			return lacks(dir, "covariate", "--categorical-covariate-keys", key)
		}
		if err := recodeLevels(p.Cats[k], "level", key, p.CategoricalLevels[k], c.CategoricalLevels[i], dir); err != nil {
			return err
		}
		cats = append(cats, p.Cats[k])
	}
	p.Cats = cats
	return nil
}

func (c *modelCard) recodeNumbers(p *prepared, dir string) error {
	var conts [][]float32
	for _, key := range c.ContinuousKeys {
		k := slices.Index(p.ContinuousKeys, key)
		if k < 0 {
			return lacks(dir, "covariate", "--continuous-covariate-keys", key)
		}
		conts = append(conts, p.Conts[k])
	}
	p.Conts = conts
	switch {
	case c.SizeFactorKey == "":
		p.Factor = nil
	case c.SizeFactorKey != p.SizeFactorKey:
		return lacks(dir, "size factor", "--size-factor-key", c.SizeFactorKey)
	}
	return nil
}

// lacks says that the cells lack what the model needs.
func lacks(dir, what, flag, key string) error {
	return pipeline.BadInput("%s: has no %s %s, which the model needs: run cellvi prepare again with %s %s", dir, what, counts.Printable(key), flag, counts.Printable(key))
}
