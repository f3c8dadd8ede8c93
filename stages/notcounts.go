package stages

import (
	"context"
	"errors"
	"io"
	"strings"

	"cellvi/io/counts"
)

// refuse is the error of values that are no counts, nil where all are. Where
// another matrix of the file holds counts, the advice is to take that.
func (r *countsInput) refuse(ctx context.Context) error {
	err := r.check.Err(r.path, r.place(), r.options.AllowNonInteger)
	var bad *counts.InputError
	if !errors.As(err, &bad) {
		return err
	}
	switch other, matrices := r.elsewhere(ctx); {
	case r.format == formatTable:
		bad.Advice = "these are not raw counts: name columns that are annotations with --obs-columns" + r.allow()
	case r.format != formatH5AD && r.format != formatLoom:
		bad.Advice = "these are not raw counts: give a file of raw counts" + r.allow()
	case matrices == 1:
		bad.Advice = "these are not raw counts, and the file holds no other matrix: take the file that these were made of" + r.allow()
	case other != "":
		bad.Advice = r.matrix() + " holds " + r.check.Nature() + "; " + other + " holds counts: add --layer " + flagOf(other)
	}
	return err
}

// allow is the advice that lets fractions pass, where it would.
func (r *countsInput) allow() string {
	if r.check.Negative.N+r.check.NotFinite.N > 0 {
		return ""
	}
	return ", or pass --allow-non-integer"
}

// flagOf is a matrix as --layer takes it, in the shortest way.
func flagOf(matrix string) string {
	switch name := strings.TrimPrefix(matrix, "layers/"); name {
	case "X", "raw/X", "matrix":
		return matrix
	default:
		return name
	}
}

// mostOthers is in how many other matrices counts are looked for.
const mostOthers = 20

// elsewhere is the first other matrix of the file that holds counts, as far as
// its first cells tell, "" for none; and how many matrices there are.
func (r *countsInput) elsewhere(ctx context.Context) (matrix string, matrices int) {
	if r.format != formatH5AD && r.format != formatLoom {
		return "", 0
	}
	d, err := describeInChild(ctx, r.path, r.options, r.may)
	if err != nil {
		return "", 0
	}
	for _, m := range d.Matrices[:min(len(d.Matrices), mostOthers)] {
		if m.Name != r.matrix() && m.Problem == "" && r.beginsLikeCounts(ctx, m.Name) {
			return m.Name, len(d.Matrices)
		}
	}
	return "", len(d.Matrices)
}

// lookAhead is how many cells tell whether a matrix holds counts.
const lookAhead = 20_000

func (r *countsInput) beginsLikeCounts(ctx context.Context, matrix string) bool {
	o := r.options
	o.Layer = matrix
	reader, err := openInChild(ctx, r.path, o, r.may)
	if err != nil {
		return false
	}
	defer reader.Close() // only read from
	var check counts.Check
	for cells := 0; cells < lookAhead; {
		table, err := reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false
		}
		check.Add(table, reader.Genes())
		cells += table.Cells()
	}
	return check.Values > 0 && check.Err(r.path, matrix, false) == nil
}

// matrix is the one read, as a Description calls it.
func (r *countsInput) matrix() string {
	layer := r.options.Layer
	switch {
	case r.format == formatLoom && (layer == "X" || layer == "matrix"):
		return "matrix"
	case layer == "X" || layer == "raw/X" || strings.HasPrefix(layer, "layers/"):
		return layer
	}
	return "layers/" + layer
}

// place is the matrix as messages show it.
func (r *countsInput) place() string {
	if r.format != formatH5AD && r.format != formatLoom {
		return ""
	}
	return "/" + r.matrix()
}
