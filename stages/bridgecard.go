package stages

import "slices"

// bridged is the card as the script is told of it.
func (c *modelCard) bridged() bridgeForm {
	form := bridgeForm{
		Model: c.Config, Genes: c.Genes,
		Batch:       bridgeColumn{Key: c.BatchKey, Levels: c.BatchLevels},
		Labels:      bridgeColumn{Key: c.LabelsKey, Levels: c.LabelLevels},
		Categorical: []bridgeColumn{}, Continuous: append([]string{}, c.ContinuousKeys...), // never null
		SizeFactor: c.SizeFactorKey,
	}
	for i, key := range c.CategoricalKeys {
		form.Categorical = append(form.Categorical, bridgeColumn{Key: key, Levels: c.CategoricalLevels[i]})
	}
	return form
}

// card is model.json of the model that the script told of. How it was trained is
// not known.
func (a *importAnswer) card() modelCard {
	c := modelCard{Format: modelFormat, Config: a.Model, Genes: a.Genes, Epochs: len(a.History["epoch"])}
	c.BatchKey, c.BatchLevels = a.Batch.Key, a.Batch.Levels
	c.LabelsKey, c.LabelLevels = a.Labels.Key, a.Labels.Levels
	for _, column := range a.Categorical {
		c.CategoricalKeys = append(c.CategoricalKeys, column.Key)
		c.CategoricalLevels = append(c.CategoricalLevels, column.Levels)
	}
	c.ContinuousKeys, c.SizeFactorKey = slices.Clone(a.Continuous), a.SizeFactor
	c.LevelKinds = map[string]string{}
	for _, column := range a.columns() {
		if column.Key != "" && column.Kind != "string" {
			c.LevelKinds[column.Key] = column.Kind
		}
	}
	return c
}
