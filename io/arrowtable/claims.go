package arrowtable

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// A header tells numbers of rows that nothing is read of for long: how many cells
// there are is taken from them. So they are held against the bytes that are there.
const (
	rowsPerByte = 8       // of what is not compressed: a bit a row
	packedMost  = 1 << 15 // bytes of one compressed byte: zstd has 128 KiB of one value in 4
	encodedMost = 1100    // the same of a whole Parquet file: run-lengths have no bound, and real tables names
)

// checkClaim holds that so many rows can be in bytes bytes of a file, each of which
// may stand for as many as packed says.
func checkClaim(rows, bytes, packed int64) error {
	if rows > bytes*rowsPerByte*packed {
		return fmt.Errorf("its headers tell of %d rows, for which there are %d bytes", rows, bytes)
	}
	return nil
}

// takesBytes says whether arrays of a type have a buffer that grows with their rows.
func takesBytes(t arrow.DataType) bool {
	switch t := storage(t).(type) {
	case *arrow.NullType, *arrow.RunEndEncodedType:
		return false
	case *arrow.StructType:
		return anyTakesBytes(t.Fields())
	case *arrow.FixedSizeListType:
		return t.Len() > 0 && takesBytes(t.Elem())
	case *arrow.FixedSizeBinaryType:
		return t.ByteWidth > 0
	}
	return true
}

func anyTakesBytes(fields []arrow.Field) bool {
	for _, f := range fields {
		if takesBytes(f.Type) {
			return true
		}
	}
	return false
}

// checkRows holds the rows of a record batch against its body, and those of all
// against the file: a footer may list one batch many times.
func (p *ipcFile) checkRows(part int, packed bool) error {
	n := p.rows[part]
	if n < 0 || n > mostRows {
		return fmt.Errorf("a record batch of %d rows", n)
	}
	if !anyTakesBytes(p.arrow.Fields()) {
		return nil
	}
	factor := int64(1)
	if packed {
		factor = packedMost
	}
	if err := checkClaim(n, p.batches[part].length, factor); err != nil {
		return fmt.Errorf("record batch %d: %w", part, err)
	}
	p.packed = max(p.packed, factor)
	p.claimed += n
	return checkClaim(p.claimed, p.size, p.packed)
}

// checkRows holds the rows of each row group against what is told of its columns, and
// those of all against the file: a run-length may say any number in a few bytes.
func (p *parquetFile) checkRows(size int64) error {
	meta, total := p.reader.MetaData(), int64(0)
	for i, group := range meta.RowGroups {
		n := group.NumRows
		if n < 0 || n > mostRows || len(group.Columns) != meta.Schema.NumColumns() {
			return fmt.Errorf("row group %d: %d rows, %d columns of %d", i, n, len(group.Columns), meta.Schema.NumColumns())
		}
		for k, c := range group.Columns {
			if c.MetaData == nil { // encrypted: reading it says so
				continue
			}
			values, bytes := c.MetaData.NumValues, c.MetaData.TotalCompressedSize
			many := meta.Schema.Column(k).MaxRepetitionLevel() > 0 // a list has a value at least
			if values < n || values > n && !many || n > 0 && bytes <= 0 || bytes > size {
				return fmt.Errorf("row group %d of %d rows: column %d tells of %d values in %d bytes", i, n, k, values, bytes)
			}
		}
		total += n
		p.rows = append(p.rows, n)
	}
	return checkClaim(total, size, encodedMost)
}
