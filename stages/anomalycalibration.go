package stages

import (
	"fmt"
	"math"

	"cellvi/io/results"
)

// writeCalibration writes how many counts lie in their predictive intervals: of training
// cells, validation cells and the others, by expected count and in all. What is off among
// held-out cells is told.
func (j *judge) writeCalibration(path string) error {
	var parts []string
	var from, nominal, share, closed []float64
	var tests []int64
	bins := make([][]float64, len(covered{}.PIT))
	row := func(name string, least float64, c *covered) {
		if c.Tests == 0 {
			return
		}
		n := float64(c.Tests)
		parts, from, tests = append(parts, name), append(from, least), append(tests, c.Tests)
		nominal, share, closed = append(nominal, j.options.Coverage), append(share, c.share()), append(closed, float64(c.Closed)/n)
		for k := range bins {
			bins[k] = append(bins[k], float64(c.PIT[k])/n)
		}
	}
	for _, p := range []part{toTrain, toValidate, toTest} {
		name := splitNames[p]
		var all covered
		for k := range expectedFrom {
			all.add(&j.calibration[p][k])
		}
		row(name, math.NaN(), &all)
		for k, least := range expectedFrom {
			row(name, least, &j.calibration[p][k])
		}
		if p == toValidate {
			j.tellCoverage(&all, &j.calibration[p])
		}
	}
	columns := []results.Column{{Name: "part", String: parts}, {Name: "expected_from", Float64: from}, {Name: "tests", Int64: tests},
		{Name: "nominal", Float64: nominal}, {Name: "coverage", Float64: share}, {Name: "coverage_closed", Float64: closed}}
	for k, values := range bins {
		columns = append(columns, results.Column{Name: fmt.Sprintf("pit_%d", k), Float64: values})
	}
	return results.Write(path, "", nil, columns...)
}

// tellCoverage says what share of the held-out cells' counts lies in the intervals.
func (j *judge) tellCoverage(all *covered, by *[len(expectedFrom)]covered) {
	if all.Tests == 0 {
		j.job.Note("none of these cells is a validation cell: whether intervals hold what they should is not known of cells that the model was not trained on")
		return
	}
	var expected covered
	for k, least := range expectedFrom {
		if least >= 1 {
			expected.add(&by[k])
		}
	}
	j.job.Note("%.4g%% intervals hold %.3f%% of the validation cells' counts, %.3f%% of those of which 1 or more were expected",
		100*j.options.Coverage, 100*all.share(), 100*expected.share())
	if off := j.coverageOff(all, &expected); off != "" {
		advice := "train longer, or look at misfit in genes.parquet"
		if !j.options.LeaveOut {
			advice = "give --leave-out"
		}
		j.job.Warn("%.4g%% intervals hold %s: p-values are not to be taken at their word; %s", 100*j.options.Coverage, off, advice)
	}
}

// coverageOff says which share of the validation cells' counts is not the nominal one: of
// all, nearly all of which are zeros in sparse data, or of those of which 1 or more were
// expected, where these are enough to tell. Empty: both are.
func (j *judge) coverageOff(all, expected *covered) string {
	const off, enough = 0.02, 1000
	isOff := func(c *covered) bool { return math.Abs(c.share()-j.options.Coverage) > off }
	switch {
	case isOff(all):
		return fmt.Sprintf("%.1f%% of the validation cells' counts", 100*all.share())
	case expected.Tests >= enough && isOff(expected):
		return fmt.Sprintf("%.1f%% of the validation cells' counts of which 1 or more were expected", 100*expected.share())
	}
	return ""
}
