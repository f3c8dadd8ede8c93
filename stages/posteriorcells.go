package stages

import (
	"context"
	"errors"
	"io"
	"slices"

	"cellvi/io/counts"
	"cellvi/io/store"
	"cellvi/pipeline"
)

// asked is the part of the prepared cells and genes that output is asked of.
type asked struct {
	*fitted
	rows   []int32 // kept cells, ascending
	genes  []int   // of the model
	source *cellSource
}

// ask opens store, prepared and model, and finds the cells and genes.
func (s *Posterior) ask(ctx context.Context, job *pipeline.Job) (*asked, error) {
	f, err := openFitted(s.Store(), s.Prepared(), s.Model())
	if err != nil {
		return nil, err
	}
	a := &asked{fitted: f, source: f.source()}
	if a.genes, err = s.askGenes(f.card.Genes); err == nil {
		a.rows, err = s.askCells(ctx, job, f)
	}
	if err != nil {
		return nil, errors.Join(err, f.st.Close())
	}
	return a, nil
}

// askGenes gives the positions, among the model's genes, of those asked for.
func (s *Posterior) askGenes(all []string) ([]int, error) {
	o := s.Options.of(s.Kind)
	if len(o.Genes) > 0 && o.GenesFile == "" {
		return genesAt(o.Genes, all, "--gene")
	}
	return genesIn(o.GenesFile, all)
}

// askCells gives the kept cells that are named and meet the conditions.
func (s *Posterior) askCells(ctx context.Context, job *pipeline.Job, f *fitted) ([]int32, error) {
	rows := span(0, len(f.p.Row))
	var err error
	if s.Options.CellsFile != "" {
		if rows, err = namedRows(ctx, f, s.Options.CellsFile); err != nil {
			return nil, err
		}
	}
	if len(s.Options.Keep) > 0 {
		if rows, err = s.metCells(ctx, job, f, rows); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// metCells are those of rows that meet every condition.
func (s *Posterior) metCells(ctx context.Context, job *pipeline.Job, f *fitted, rows []int32) ([]int32, error) {
	var keeps []*counts.Keep
	for _, text := range s.Options.Keep {
		k, err := counts.ParseKeep(text)
		if err != nil {
			return nil, pipeline.Usage("--keep: %v", err)
		}
		keeps = append(keeps, k)
	}
	reader := &obsReader{st: f.st}
	kept, err := counts.KeepCells(reader, keeps, s.Store())
	if err != nil {
		return nil, err
	}
	for _, note := range kept.Notes() {
		job.Warn("%s", note)
	}
	met := make([]bool, f.st.Cells())
	for {
		t, err := kept.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		reader.mark(t.Obs.Names, met)
	}
	before := len(rows)
	rows = slices.DeleteFunc(rows, func(r int32) bool { return !met[f.p.Row[r]] })
	if len(rows) == 0 && before > 0 {
		return nil, pipeline.BadInput("%s: of the %d cells that were prepared and named none meets --keep: check the conditions", s.Store(), before)
	}
	return rows, nil
}

// obsReader gives the annotations of a store's cells, without counts. It implements
// counts.Reader.
type obsReader struct {
	st    *store.Store
	next  int
	names []string // of the last batch
}

// Genes are the store's.
func (r *obsReader) Genes() *counts.Frame { return r.st.Genes() }

// Obs describes the annotations.
func (r *obsReader) Obs() *counts.Frame { return r.st.Header() }

// Cells is their number.
func (r *obsReader) Cells() int64 { return int64(r.st.Cells()) }

// Close leaves the store open.
func (r *obsReader) Close() error { return nil }

// Next gives the next cells' annotations.
func (r *obsReader) Next(ctx context.Context) (*counts.Table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.next == r.st.Batches() {
		return nil, io.EOF
	}
	frame, err := r.st.Columns(r.next, r.st.Header().ColumnNames()...)
	if err == nil {
		r.names, err = r.st.Names(r.next)
	}
	if err != nil {
		return nil, err
	}
	r.next++
	return &counts.Table{Obs: counts.Frame{Names: r.names, Columns: frame.Columns}, Indptr: make([]int64, len(r.names)+1)}, nil
}

// mark sets met for the rows of the last batch with these names, which are in the
// batch's order.
func (r *obsReader) mark(names []string, met []bool) {
	at := (r.next - 1) * store.BatchCells
	for i, name := range r.names {
		if len(names) > 0 && name == names[0] {
			met[at+i], names = true, names[1:]
		}
	}
}

// groups cuts the cells where batches of the store end, into groups of at least
// cells, but for the last. There is one at least, which may be empty.
func (a *asked) groups(cells int) []bounds {
	return a.cut(func(i, from int) bool {
		return i-from >= cells && a.p.Row[a.rows[i]]/store.BatchCells != a.p.Row[a.rows[i-1]]/store.BatchCells
	})
}

// stretches cuts the cells into those of every so many rows of the store.
func (a *asked) stretches(rows int) []bounds {
	return a.cut(func(i, _ int) bool { return int(a.p.Row[a.rows[i]])/rows != int(a.p.Row[a.rows[i-1]])/rows })
}

// cut begins a group at each cell i for which begins says so.
func (a *asked) cut(begins func(i, from int) bool) (list []bounds) {
	from := 0
	for i := 1; i < len(a.rows); i++ {
		if begins(i, from) {
			list, from = append(list, bounds{from, i}), i
		}
	}
	return append(list, bounds{from, len(a.rows)})
}

// names are those of cells from … to−1 of rows.
func (a *asked) names(from, to int) ([]string, error) { return a.source.namesOf(a.rows[from:to]) }

// item names the random streams of cell i of rows.
func (a *asked) item(i int) int64 { return int64(a.p.Row[a.rows[i]]) }
