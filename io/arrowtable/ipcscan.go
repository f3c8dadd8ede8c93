package arrowtable

import (
	"context"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// scan loads the columns of a record batch whole.
func (p *ipcFile) scan(ctx context.Context, part int, columns []int, rows int) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		arrays, err := p.load(part, columns)
		if err != nil {
			yield(piece{}, err)
			return
		}
		n := int(p.rows[part])
		for lo := 0; lo < n; lo += rows {
			hi := min(n, lo+rows)
			out := piece{rows: hi - lo}
			for _, a := range arrays {
				out.columns = append(out.columns, []arrow.Array{array.NewSlice(a, int64(lo), int64(hi))})
			}
			if err := ctx.Err(); err != nil {
				yield(piece{}, err)
				return
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

// numbers loads one column.
func (p *ipcFile) numbers(ctx context.Context, part, column int) iter.Seq2[floats, error] {
	return scannedNumbers(ctx, p, part, column)
}

// scannedNumbers are the numbers of a column by way of scan.
func scannedNumbers(ctx context.Context, f file, part, column int) iter.Seq2[floats, error] {
	return func(yield func(floats, error) bool) {
		var out floats
		for p, err := range f.scan(ctx, part, []int{column}, pieceRows) {
			if err == nil {
				out.values = out.values[:0]
				out.nulls = 0
				for _, a := range p.columns[0] {
					out.values, err = appendFloats(out.values, a)
					out.nulls += int64(a.NullN())
				}
			}
			if !yield(out, err) || err != nil {
				return
			}
		}
	}
}
