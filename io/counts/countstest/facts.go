package countstest

import (
	"context"
	"errors"
	"io"

	"cellvi/io/counts"
)

// Facts are what tests tell tables apart by.
type Facts struct {
	Cells, Genes, NNZ int64
	Total             float64
	Fingerprint       string
}

// FactsOf reads all of r, checking each Table by itself, and closes it.
func FactsOf(r counts.Reader) (facts Facts, err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	var f counts.Fingerprint
	for {
		table, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return Facts{f.Cells, int64(r.Genes().Len()), f.NNZ, f.Total, f.Sum()}, nil
		}
		if err != nil {
			return Facts{}, err
		}
		if err := table.Validate(r.Genes().Len()); err != nil {
			return Facts{}, err
		}
		f.Add(table, r.Genes())
	}
}
