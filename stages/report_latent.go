package stages

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"

	"cellvi/io/results"
	"cellvi/pipeline"
	"cellvi/stages/report"
)

// readLatent takes the posterior means of the cells to draw, and the moments of
// all. The file is read twice, a row group at a time.
func (s *Report) readLatent(ctx context.Context, d *report.Data, draw sample, names []byte) (err error) {
	r, err := results.Open(s.Latent())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	wanted, met := append([]string{"cell_id"}, latentColumns(r)...), sha256.New()
	d.Latent = make([][]float32, len(wanted)-1)
	for k := range d.Latent {
		d.Latent[k] = make([]float32, draw.len())
	}
	err = s.eachGroup(ctx, r, wanted, func(row int, ids []string, latent [][]float32) {
		hashNames(met, ids)
		d.Moments.AddMeans(latent)
		draw.each(row, len(ids), func(at, i int) {
			for k := range latent {
				d.Latent[k][at] = latent[k][i]
			}
		})
	})
	if err != nil {
		return err
	}
	if !slices.Equal(met.Sum(nil), names) {
		return pipeline.BadInput("%s: its cells are not those of %s: run `cellvi embed` again", s.Latent(), s.cells())
	}
	return s.eachGroup(ctx, r, wanted, func(_ int, _ []string, latent [][]float32) { d.Moments.AddProducts(latent) })
}

// latentColumns names the posterior means in the file.
func latentColumns(r *results.Reader) (names []string) {
	there := r.Columns()
	for k := 0; slices.Contains(there, fmt.Sprintf("latent_%d", k)); k++ {
		names = append(names, fmt.Sprintf("latent_%d", k))
	}
	return names
}

// eachGroup gives do each row group of the latent: its first row, the cells'
// names and the columns of wanted after cell_id.
func (s *Report) eachGroup(ctx context.Context, r *results.Reader, wanted []string, do func(row int, ids []string, latent [][]float32)) error {
	row := 0
	for g := range r.RowGroups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		t, err := r.Read(g, wanted...)
		if err != nil {
			return err
		}
		c := columns{path: s.Latent(), table: t}
		ids, latent := c.find("cell_id").String, [][]float32{}
		for _, name := range wanted[1:] {
			latent = append(latent, c.find(name).Float32)
		}
		if c.err != nil || slices.ContainsFunc(latent, func(z []float32) bool { return len(z) != len(ids) }) {
			return pipeline.BadInput("%s: does not hold a name and numbers of type float32 for every cell: run `cellvi embed` again", s.Latent())
		}
		do(row, ids, latent)
		row += len(ids)
	}
	return nil
}

// hashNames adds names to h, each with its length: two files have the same
// hash where they have the same names in the same order, however they are cut.
func hashNames(h hash.Hash, names []string) {
	var line []byte
	for _, name := range names {
		line = append(binary.LittleEndian.AppendUint32(line[:0], uint32(len(name))), name...)
		h.Write(line) // a hash's Write returns no error
	}
}
