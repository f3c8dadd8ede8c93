package arrowtable

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"cellvi/io/counts"
)

// scan reads columns side by side.
func (p *parquetFile) scan(ctx context.Context, part int, columns []int, rows int) iter.Seq2[piece, error] {
	return func(yield func(piece, error) bool) {
		readers, err := p.columnReaders(ctx, part, columns)
		defer func() {
			for _, r := range readers {
				r.Release()
			}
		}()
		for left := p.rows[part]; err == nil && left > 0; {
			if err = ctx.Err(); err != nil {
				break
			}
			var out piece
			if out, err = p.nextPiece(part, columns, readers, min(left, int64(rows))); err != nil {
				break
			}
			left -= int64(out.rows)
			if !yield(out, nil) {
				return
			}
		}
		if err != nil {
			yield(piece{}, p.tooLarge(err, part))
		}
	}
}

// columnReaders begins the reading of columns, in the order asked for.
func (p *parquetFile) columnReaders(ctx context.Context, part int, columns []int) ([]*pqarrow.ColumnReader, error) {
	if err := p.checkColumns(part, columns); err != nil {
		return nil, err
	}
	var readers []*pqarrow.ColumnReader
	for _, c := range columns {
		leaves := map[int]bool{}
		for _, leaf := range p.leaves[c] {
			leaves[leaf] = true
		}
		r, err := p.arrows.GetFieldReader(ctx, c, leaves, []int{part})
		if err != nil {
			return readers, err
		}
		readers = append(readers, r)
	}
	return readers, nil
}

// checkColumns holds what reading columns side by side takes against the memory; one
// alone is held against it page by page.
func (p *parquetFile) checkColumns(part int, columns []int) error {
	if len(columns) <= 1 {
		return nil
	}
	group, need := p.reader.MetaData().RowGroup(part), int64(0)
	for _, c := range columns {
		for _, leaf := range p.leaves[c] {
			chunk, err := group.ColumnChunk(leaf)
			if err != nil {
				return err
			}
			if chunk.TotalUncompressedSize() < 0 {
				return fmt.Errorf("row group %d: a column of %d bytes", part, chunk.TotalUncompressedSize())
			}
			need += min(2*chunk.TotalUncompressedSize(), columnBytes)
		}
	}
	if need > p.memory {
		return &counts.MemoryError{File: p.path, Place: fmt.Sprintf("row group %d", part),
			Found: fmt.Sprintf("%s columns are read side by side", counts.Thousands(int64(len(columns)))), Need: need, Allow: p.memory,
			Advice: "write the file in smaller row groups"}
	}
	return nil
}

// nextPiece reads n rows of each column.
func (p *parquetFile) nextPiece(part int, columns []int, readers []*pqarrow.ColumnReader, n int64) (piece, error) {
	out := piece{rows: int(n)}
	for i, r := range readers {
		chunked, err := r.NextBatch(n)
		if err != nil {
			return out, err
		}
		if int64(chunked.Len()) != n {
			return out, fmt.Errorf("row group %d: column %s ends before its %d rows", part, p.arrow.Field(columns[i]).Name, p.rows[part])
		}
		out.columns = append(out.columns, slices.Clone(chunked.Chunks()))
	}
	return out, nil
}

// tooLarge makes arrow-go's error of a page above the limit one of memory; it has
// no type of its own.
func (p *parquetFile) tooLarge(err error, part int) error {
	var size, limit int64
	text := err.Error()
	at := strings.Index(text, "compressed page size ")
	if at < 0 || errors.Is(err, context.Canceled) {
		return err
	}
	if n, _ := fmt.Sscanf(text[at:], "compressed page size %d exceeds configured limit %d", &size, &limit); n != 2 {
		return err
	}
	return &counts.MemoryError{File: p.path, Place: fmt.Sprintf("row group %d", part),
		Found: fmt.Sprintf("a page of %s bytes", counts.Thousands(size)), Need: 4 * size, Allow: p.memory, Advice: "write the file in smaller pages"}
}

// dictionaries reads the column: a Parquet file has a dictionary in each row group.
func (p *parquetFile) dictionaries(ctx context.Context, k int) iter.Seq2[arrow.Array, error] {
	return func(yield func(arrow.Array, error) bool) {
		var last arrow.ArrayData
		for part := range p.rows {
			for piece, err := range p.scan(ctx, part, []int{k}, pieceRows) {
				if err != nil {
					yield(nil, err)
					return
				}
				for _, a := range piece.columns[0] {
					d, ok := stored(a).(*array.Dictionary)
					if !ok || d.Dictionary().Data() == last {
						continue
					}
					last = d.Dictionary().Data()
					if !yield(d.Dictionary(), nil) {
						return
					}
				}
			}
		}
	}
}
