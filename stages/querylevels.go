package stages

import (
	"cmp"
	"slices"
	"strconv"

	"cellvi/io/counts"
	"cellvi/model"
	"cellvi/pipeline"
)

// grown gives the reference's covariates with the levels of the query's cells that it
// lacks behind its own, sorted as scvi-tools does. Levels that no cell has are passed
// over.
func (c *modelCard) grown(job *pipeline.Job, p *prepared) covariates {
	out := c.covariates
	grow := func(what, key string, own, levels []string, codes []int32) []string {
		all := slices.Concat(own, newLevels(own, levels, codes, c.LevelKinds[key]))
		sayLevels(job, what, key, len(own), all)
		return all
	}
	out.BatchLevels = grow("batch", c.BatchKey, c.BatchLevels, p.BatchLevels, p.Batch)
	if p.LabelsKey != "" && c.LabelsKey != "" {
		codes := p.Label
		if codes == nil { // all are of one level
			codes = []int32{0}
		}
		out.LabelLevels = grow("label", c.LabelsKey, c.LabelLevels, p.LabelLevels, codes)
	}
	out.CategoricalLevels = slices.Clone(c.CategoricalLevels)
	for i, key := range c.CategoricalKeys {
		out.CategoricalLevels[i] = grow("covariate", key, c.CategoricalLevels[i], p.CategoricalLevels[i], p.Cats[i])
	}
	return out
}

// levels are the numbers of levels.
func (c covariates) levels() model.Levels {
	l := model.Levels{Batch: len(c.BatchLevels), Labels: len(c.LabelLevels)}
	for _, levels := range c.CategoricalLevels {
		l.Cats = append(l.Cats, len(levels))
	}
	return l
}

// newLevels gives, sorted, what levels have that some cell is of and own lacks. kind is
// integer, float or boolean, "" for text.
func newLevels(own, levels []string, codes []int32, kind string) (added []string) {
	used := make([]bool, len(levels))
	for _, code := range codes {
		used[code] = true
	}
	for i, level := range levels {
		if used[i] && !slices.Contains(own, level) {
			added = append(added, level)
		}
	}
	slices.SortFunc(added, func(a, b string) int {
		if x, y := numberOf(a), numberOf(b); kind != "" && x != y {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a, b)
	})
	return added
}

// numberOf is a level's value, 0 where it is none.
func numberOf(level string) float64 {
	x, _ := strconv.ParseFloat(level, 64)
	return x
}

// sayLevels tells which levels are new.
func sayLevels(job *pipeline.Job, what, key string, own int, all []string) {
	job.Count("new_"+what+"_levels", job.Counts()["new_"+what+"_levels"]+int64(len(all)-own))
	if key == "" {
		return
	}
	if len(all) == own {
		job.Note("%s %s: no level that the reference does not have", what, counts.Printable(key))
		return
	}
	job.Note("%s %s: %s beside the reference's %d: %s", what, counts.Printable(key), plural(int64(len(all)-own), "new level", "new levels"),
		own, some(printable(all[own:]), 12))
}
