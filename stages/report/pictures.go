package report

import (
	"fmt"
	"strconv"
)

// mostCovariates is how many further covariates are drawn: each picture of 20,000
// cells is a fifth of a megabyte.
const mostCovariates = 6

// scatters draws the latent on components first and first+1, once for each
// annotation and once plain where there is none. Covariates and library size are
// drawn on the first two alone.
func (d *Data) scatters(first int) []scatter {
	if d.drawn() == 0 || first > 1 && len(d.Latent) < first+1 {
		return nil
	}
	p := project(d.Latent, &d.Moments, first)
	var all []scatter
	draw := func(id string, g Grouping) {
		if g.given() {
			if first > 1 {
				id += "-further"
			}
			all = append(all, newScatter(id, "Coloured by "+g.Key, p, g))
		}
	}
	draw("batch", d.Batch)
	draw("label", d.Label)
	if first > 1 {
		return all
	}
	if len(all) == 0 {
		one := Grouping{Levels: []string{"cells"}, Codes: make([]int32, d.drawn()), Cells: []int{d.Cells}}
		all = append(all, newScatter("cells", "All cells", p, one))
	}
	for i, g := range d.Covariates[:min(len(d.Covariates), mostCovariates)] {
		draw("covariate-"+strconv.Itoa(i+1), g)
	}
	draw("library", d.libraryGrouping())
	return all
}

func (d *Data) sampled() string {
	if d.drawn() >= d.Cells {
		return ""
	}
	return fmt.Sprintf("%s of the %s cells are drawn, chosen at random and the same every time; components, variances and the legends' numbers are those of all cells.",
		thousands(int64(d.drawn())), thousands(int64(d.Cells)))
}
