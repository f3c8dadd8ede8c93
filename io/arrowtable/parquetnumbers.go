package arrowtable

import (
	"context"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	pqfile "github.com/apache/arrow-go/v18/parquet/file"
)

// numbers reads one column. A wide table has thousands, so those of common types
// are decoded without going through Arrow's arrays.
func (p *parquetFile) numbers(ctx context.Context, part, column int) iter.Seq2[floats, error] {
	unsigned := false
	switch p.arrow.Field(column).Type.ID() {
	case arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		unsigned = true
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.FLOAT32, arrow.FLOAT64:
	default:
		return scannedNumbers(ctx, p, part, column)
	}
	leaf := p.leaves[column][0]
	if d := p.reader.MetaData().Schema.Column(leaf); d.MaxRepetitionLevel() > 0 || d.MaxDefinitionLevel() > 1 {
		return scannedNumbers(ctx, p, part, column)
	}
	return func(yield func(floats, error) bool) {
		err := p.checkColumns(part, []int{column})
		if err == nil {
			err = p.decode(ctx, part, leaf, unsigned, func(f floats) bool { return yield(f, nil) })
		}
		if err != nil {
			yield(floats{}, p.tooLarge(err, part))
		}
	}
}

// rowGroup is the reader of a row group, kept for its next column: making one
// looks at every column.
func (p *parquetFile) rowGroup(part int) *pqfile.RowGroupReader {
	if p.at != part {
		p.group, p.at = p.reader.RowGroup(part), part
	}
	return p.group
}

// decode reads a column of a row group and gives it to take until that is false.
func (p *parquetFile) decode(ctx context.Context, part, leaf int, unsigned bool, take func(floats) bool) error {
	column, err := p.rowGroup(part).Column(leaf)
	if err != nil {
		return err
	}
	defer column.Close() // nothing was written
	d := newDecoder(column, unsigned, &p.scratch)
	if d == nil {
		return fmt.Errorf("row group %d: column %d is of another type than the schema says", part, leaf)
	}
	for left := p.rows[part]; left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := d.next(min(left, pieceRows))
		if err == nil {
			err = column.Err() // a page that cannot be read ends a column without an error
		}
		if err != nil {
			return err
		}
		if len(f.values) == 0 {
			return fmt.Errorf("row group %d: column %d ends %d rows before the last", part, leaf, left)
		}
		left -= int64(len(f.values))
		if !take(f) {
			return nil
		}
	}
	return nil
}

// decoder makes floats of one column's values.
type decoder struct {
	read   func(n int64) (rows int64, values int, err error) // into what put takes from
	put    func(dst []float64)
	levels []int16
	most   int16 // the level of a value; 0 where none is null
	out    []float64
}

// scratch is memory of the decoders of one file, of which one runs at a time.
type scratch struct {
	levels  []int16
	out     []float64
	int32s  []int32
	int64s  []int64
	singles []float32
}

// pieceOf is a scratch of pieceRows, made once.
func pieceOf[T any](v *[]T) []T {
	if *v == nil {
		*v = make([]T, pieceRows)
	}
	return *v
}

func newDecoder(column pqfile.ColumnChunkReader, unsigned bool, s *scratch) *decoder {
	d := &decoder{levels: pieceOf(&s.levels), most: column.Descriptor().MaxDefinitionLevel(), out: pieceOf(&s.out)}
	switch c := column.(type) {
	case *pqfile.Int32ColumnChunkReader:
		values := pieceOf(&s.int32s)
		d.read = func(n int64) (int64, int, error) { return c.ReadBatch(n, values, d.levels, nil) }
		d.put = func(dst []float64) { putNumbers(dst, values, unsigned, 1<<32) }
	case *pqfile.Int64ColumnChunkReader:
		values := pieceOf(&s.int64s)
		d.read = func(n int64) (int64, int, error) { return c.ReadBatch(n, values, d.levels, nil) }
		d.put = func(dst []float64) { putNumbers(dst, values, unsigned, 1<<64) }
	case *pqfile.Float32ColumnChunkReader:
		values := pieceOf(&s.singles)
		d.read = func(n int64) (int64, int, error) { return c.ReadBatch(n, values, d.levels, nil) }
		d.put = func(dst []float64) { putNumbers(dst, values, false, 0) }
	case *pqfile.Float64ColumnChunkReader:
		d.read = func(n int64) (int64, int, error) { return c.ReadBatch(n, d.out, d.levels, nil) }
		d.put = func([]float64) {}
	default:
		return nil
	}
	return d
}

// putNumbers converts as many values as dst has; unsigned ones that read as
// negative are above what the signed type holds, by modulus.
func putNumbers[T int32 | int64 | float32](dst []float64, values []T, unsigned bool, modulus float64) {
	for i, v := range values[:len(dst)] {
		dst[i] = float64(v)
		if unsigned && v < 0 {
			dst[i] += modulus
		}
	}
}

// next reads at most n rows.
func (d *decoder) next(n int64) (floats, error) {
	rows, values, err := d.read(n)
	if err != nil {
		return floats{}, err
	}
	d.put(d.out[:values])
	f := floats{values: d.out[:rows]}
	if int64(values) == rows {
		return f, nil
	}
	at := values
	for i := rows - 1; i >= 0; i-- { // from the end, where the values are to go
		if d.levels[i] == d.most {
			at--
			d.out[i] = d.out[at]
		} else {
			d.out[i] = 0
			f.nulls++
		}
	}
	if at != 0 {
		return floats{}, fmt.Errorf("%d values do not fit the nulls", values)
	}
	return f, nil
}
