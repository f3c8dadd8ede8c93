package stages

import (
	"context"
	"errors"
	"math"
	"path/filepath"

	"cellvi/io/results"
	"cellvi/model"
)

// quantity is a number of each cell and gene, and a file of it.
type quantity struct {
	stem string
	// of writes it for genes of cell i of x.
	of func(x *model.Generated, i int, genes []int, out []float32)
}

// matrices writes quantities, cells × genes, as means over the draws, or of the one
// decoding of the posterior's mean, and as quantiles.
type matrices struct {
	*drawing
	list  []quantity
	table []results.Column // dispersions that are the same for all cells; nil: there are none
	names []string
	e     *model.Evaluator
	width int // genes of a block: those whose draws are in memory together
}

// matrices are those of the kind of output.
func (d *drawing) matrices() (*matrices, error) {
	m := &matrices{drawing: d, list: []quantity{d.expression()}}
	if d.kind == likelihoodParameters {
		m.list = d.parameters()
		m.table = d.dispersions()
	}
	return m, m.plan()
}

// expression is a cell's shares times its library size.
func (d *drawing) expression() quantity {
	number := float32(d.options.number(1))
	size := func(*model.Generated, int) float32 { return number }
	switch d.options.LibrarySize {
	case "observed":
		size = func(x *model.Generated, i int) float32 { return x.Observed[i] }
	case "latent":
		size = func(x *model.Generated, i int) float32 { return x.Library[i] }
	}
	return quantity{"expression", func(x *model.Generated, i int, genes []int, out []float32) {
		row, by := x.Scale[i*d.vae.NInput:], size(x, i)
		for k, g := range genes {
			out[k] = row[g] * by
		}
	}}
}

// parameters are mu, and those of theta and the probability of dropout that there are
// of each cell.
func (d *drawing) parameters() []quantity {
	n, c := d.vae.NInput, d.vae.Config
	list := []quantity{{"mean", func(x *model.Generated, i int, genes []int, out []float32) {
		row := x.Scale[i*n:]
		for k, g := range genes {
			out[k] = row[g] * x.Library[i]
		}
	}}}
	if c.GeneLikelihood != "poisson" && c.Dispersion != "gene" {
		list = append(list, quantity{"dispersions", func(x *model.Generated, i int, genes []int, out []float32) {
			row := x.Theta[i*n:]
			for k, g := range genes {
				out[k] = row[g]
			}
		}})
	}
	if c.GeneLikelihood == "zinb" {
		list = append(list, quantity{"dropout", func(x *model.Generated, i int, genes []int, out []float32) {
			row := x.Dropout[i*n:]
			for k, g := range genes {
				out[k] = float32(1 / (1 + math.Exp(-float64(row[g]))))
			}
		}})
	}
	return list
}

// dispersions is the table of theta of each gene, where it is a gene's own.
func (d *drawing) dispersions() []results.Column {
	r, _ := d.vae.R()
	if r == nil || d.vae.Dispersion != "gene" {
		return nil
	}
	ids, theta := make([]string, len(d.genes)), make([]float32, len(d.genes))
	for i, g := range d.genes {
		ids[i], theta[i] = d.card.Genes[g], float32(math.Exp(float64(r[g])))
	}
	return []results.Column{{Name: "gene_id", String: ids}, {Name: "dispersions", Float32: theta}}
}

// plan divides the budget: row groups of all files, and for each thread the sums of a
// minibatch, and where there are quantiles the draws of a block of genes.
func (m *matrices) plan() error {
	genes, values := int64(len(m.genes)), int64(len(m.list))
	fixed := groupMemory(len(m.rows), m.columns(), m.groupRows()) + nameBytes*int64(len(m.names))
	gene := int64(m.job.Threads) * evalCells * values * 8
	if len(m.options.Quantiles) > 0 {
		gene += int64(m.job.Threads) * evalCells * values * 4 * int64(m.draws)
	}
	least := min(genes, leastBlock)
	advice := "choose fewer genes with --genes"
	if len(m.options.Quantiles) > 0 {
		advice = "choose fewer genes with --genes, fewer --n-samples or fewer --quantiles"
	}
	if err := m.fits(fixed+least*gene, advice); err != nil {
		return err
	}
	m.width = int(min(genes, max(least, (m.room()-fixed)/gene)))
	return nil
}

// columns is the numbers of a cell in all files.
func (m *matrices) columns() int { return len(m.genes) * len(m.list) * (1 + len(m.options.Quantiles)) }

// groupRows is the rows of the store that make a row group.
func (m *matrices) groupRows() int { return groupRows(len(m.rows), m.columns()) }

// write makes the files of the folder.
func (m *matrices) write(ctx context.Context, dir string) error {
	if m.table != nil {
		if err := results.Write(filepath.Join(dir, "dispersions.parquet"), "gene_id", nil, m.table...); err != nil {
			return err
		}
	}
	m.names = m.geneNames("cell_id", "quantile")
	files, err := m.create(dir)
	if err != nil {
		return err
	}
	m.e = model.NewEvaluator(m.vae, m.job.Threads)
	blocks := (len(m.genes) + m.width - 1) / m.width
	m.job.Note("writing %d × %d numbers in %s: %s before compression", len(m.rows), m.columns(), plural(int64(len(files)), "file", "files"),
		human(int64(len(m.rows))*int64(m.columns())*4))
	m.job.Progress.Begin("decoding", "cells", int64(len(m.rows))*int64(max(1, blocks)))
	defer m.job.Progress.End()
	err = overlap(m.stretches(m.groupRows()),
		func(g *matrixGroup, from, to int) error { return m.compute(ctx, g, from, to) },
		func(g *matrixGroup) error {
			ids, err := m.asked.names(g.from, g.to)
			for k := 0; k < len(files) && err == nil; k++ {
				err = files[k].put(ids, g)
			}
			return err
		})
	for _, f := range files {
		err = errors.Join(err, f.w.Close())
	}
	return err
}

// matrixFile is one file: a quantity's values, or all its quantiles.
type matrixFile struct {
	w      *results.Writer
	names  []string
	first  int       // of matrixGroup's planes
	levels []float64 // of quantiles; nil: it is of values
}

// create begins the files. The planes of a group are each quantity's value and then
// its quantiles.
func (m *matrices) create(dir string) (files []*matrixFile, err error) {
	q := m.options.Quantiles
	for k, v := range m.list {
		files = append(files, &matrixFile{names: m.names, first: k * (1 + len(q))})
		if len(q) > 0 {
			files = append(files, &matrixFile{names: m.names, first: k*(1+len(q)) + 1, levels: q})
		}
		for i, stem := range []string{v.stem, v.stem + "_quantiles"}[:1+min(1, len(q))] {
			f := files[len(files)-1-min(1, len(q))+i]
			if f.w, err = results.Create(inDir(dir, stem), f.schema()); err != nil {
				for _, f := range files {
					if f.w != nil {
						err = errors.Join(err, f.w.Close())
					}
				}
				return nil, err
			}
		}
	}
	return files, nil
}

func (f *matrixFile) schema() results.Schema {
	s := results.Schema{Index: "cell_id", Columns: []results.Field{{Name: "cell_id", Type: results.String}}}
	if f.levels != nil {
		s.Columns = append(s.Columns, results.Field{Name: "quantile", Type: results.Float64})
	}
	for _, name := range f.names {
		s.Columns = append(s.Columns, results.Field{Name: name, Type: results.Float32})
	}
	return s
}

// put writes a row group, of quantiles one a level, the cells of the group in each.
func (f *matrixFile) put(ids []string, g *matrixGroup) error {
	for k := range max(1, len(f.levels)) {
		columns := []results.Column{{Name: "cell_id", String: ids}}
		if f.levels != nil {
			level := make([]float64, len(ids))
			for i := range level {
				level[i] = f.levels[k]
			}
			columns = append(columns, results.Column{Name: "quantile", Float64: level})
		}
		for i, name := range f.names {
			columns = append(columns, results.Column{Name: name, Float32: g.planes[f.first+k][i]})
		}
		if err := f.w.WriteRowGroup(columns); err != nil {
			return err
		}
	}
	return nil
}

// matrixGroup is a row group: cells from … to−1 of rows.
type matrixGroup struct {
	from, to int
	planes   [][][]float32 // by plane and gene, a number a cell
}

// compute fills g, a block of genes after another.
func (m *matrices) compute(ctx context.Context, g *matrixGroup, from, to int) error {
	g.from, g.to = from, to
	if g.planes == nil {
		g.planes = make([][][]float32, len(m.list)*(1+len(m.options.Quantiles)))
		for k := range g.planes {
			g.planes[k] = make([][]float32, len(m.genes))
		}
	}
	for _, plane := range g.planes {
		for i := range plane {
			plane[i] = resized(plane[i], to-from)
		}
	}
	for lo := 0; lo < len(m.genes); lo += m.width {
		b := &drawBlock{matrices: m, group: g, lo: lo, genes: m.genes[lo:min(lo+m.width, len(m.genes))]}
		if err := m.generate(ctx, m.e, m.of, from, to, b.take); err != nil {
			return err
		}
	}
	return nil
}
