package stages

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"cellvi/io/results"
	"cellvi/model"
	"cellvi/pipeline"
)

// bridgeColumn is an annotation of cells whose levels are coded. Kind is the type
// of its values in Python: string, integer, float or boolean. Key is empty where
// there is no annotation, and one level then.
type bridgeColumn struct {
	Key    string   `json:"key"`
	Levels []string `json:"levels"`
	Kind   string   `json:"kind"`
}

// bridgeForm is a model as the script is told of it, and tells of it. Its tensors
// are in a file of safetensors.
type bridgeForm struct {
	Model       model.Config          `json:"model"`
	Genes       []string              `json:"genes"`
	Batch       bridgeColumn          `json:"batch"`
	Labels      bridgeColumn          `json:"labels"`
	Categorical []bridgeColumn        `json:"categorical"`
	Continuous  []string              `json:"continuous"`
	SizeFactor  string                `json:"size_factor"`
	Layer       string                `json:"layer"`
	History     map[string][]*float64 `json:"history"` // epoch, and losses as history.parquet names them; null: NaN
}

// columns are all the coded annotations.
func (f *bridgeForm) columns() []*bridgeColumn {
	all := []*bridgeColumn{&f.Batch, &f.Labels}
	for i := range f.Categorical {
		all = append(all, &f.Categorical[i])
	}
	return all
}

// setKinds settles the type of each annotation's levels: as kinds has it by key,
// else numbers where numeric names it, else text.
func (f *bridgeForm) setKinds(job *pipeline.Job, kinds map[string]string, numeric []string) error {
	for _, key := range numeric {
		if !slices.ContainsFunc(f.columns(), func(c *bridgeColumn) bool { return c.Key == key }) {
			return pipeline.Usage("--numeric-levels %s: the model has no covariate of that name", key)
		}
	}
	for _, c := range f.columns() {
		guess := kindOfLevels(c.Levels)
		switch {
		case c.Key == "":
			c.Kind = "integer" // scvi-tools' own column of zeros
		case slices.Contains(numeric, c.Key):
			if guess == "string" {
				return pipeline.Usage("--numeric-levels %s: its levels are not all numbers: %q", c.Key, c.Levels)
			}
			c.Kind = guess
		case kinds[c.Key] != "":
			c.Kind = kinds[c.Key]
		default:
			c.Kind = "string"
			if guess != "string" {
				job.Warn("the levels of %s look like numbers (%s) and are given to scvi-tools as text: if obs[%q] holds numbers there, pass --numeric-levels %s",
					c.Key, some(c.Levels, 3), c.Key, c.Key)
			}
		}
	}
	return nil
}

// kindOfLevels is integer or float where all levels read as that, else string.
func kindOfLevels(levels []string) string {
	kind := "integer"
	for _, l := range levels {
		if _, err := strconv.ParseInt(l, 10, 64); err == nil {
			continue
		}
		if _, err := strconv.ParseFloat(l, 64); err != nil {
			return "string"
		}
		kind = "float"
	}
	return kind
}

// historyForm is history.parquet for the script.
func historyForm(path string) (map[string][]*float64, error) {
	t, err := results.Read(path)
	if err != nil {
		return nil, err
	}
	history := map[string][]*float64{"epoch": {}}
	for _, c := range t.Columns {
		var values []*float64
		for _, v := range c.Int64 {
			values = append(values, finite(float64(v)))
		}
		for _, v := range c.Float64 {
			values = append(values, finite(v))
		}
		if values != nil {
			history[c.Name] = values
		}
	}
	return history, nil
}

// finite is v, or nil where JSON has no word for it.
func finite(v float64) *float64 {
	if v-v != 0 { // NaN or infinite
		return nil
	}
	return &v
}

// importedHistory is the history's columns as training writes them, those that
// scvi-tools recorded besides after them. What it did not record is NaN.
func importedHistory(history map[string][]*float64) ([]results.Column, error) {
	cols := historyColumns(nil)
	known := map[string]bool{}
	for _, c := range cols {
		known[c.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(history)) {
		if !known[name] {
			cols = append(cols, results.Column{Name: name, Float64: []float64{}})
		}
	}
	epochs := history["epoch"]
	for i := range cols {
		values := history[cols[i].Name]
		if values != nil && len(values) != len(epochs) {
			return nil, fmt.Errorf("the history of %s has %d epochs, not %d", cols[i].Name, len(values), len(epochs))
		}
		fillHistory(&cols[i], values, len(epochs))
	}
	return cols, nil
}

// fillHistory sets a column's values; nil are NaN.
func fillHistory(c *results.Column, values []*float64, epochs int) {
	for i := range epochs {
		v := math.NaN()
		if values != nil && values[i] != nil {
			v = *values[i]
		}
		if c.Name == "epoch" {
			c.Int64 = append(c.Int64, int64(v))
		} else {
			c.Float64 = append(c.Float64, v)
		}
	}
}
