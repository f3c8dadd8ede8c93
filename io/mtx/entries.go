package mtx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"cellvi/io/counts"
	"cellvi/io/textfile"
)

// entries reads the matrix from its first entry to its last; see counts.EntrySource.
func (r *Reader) entries(ctx context.Context) iter.Seq2[counts.Entries, error] {
	return func(yield func(counts.Entries, error) bool) {
		file, h, err := open(r.files.matrix, r.opt)
		if err != nil {
			yield(counts.Entries{}, err)
			return
		}
		defer file.Close() // only read from
		if *h != *r.header {
			yield(counts.Entries{}, file.Fault("", "the file changed while it was read", ""))
			return
		}
		pass := &pass{Reader: r, file: file, parser: parser{rows: uint64(h.rows), cols: uint64(h.cols), pattern: h.field == "pattern"}}
		for {
			e, err := pass.next(ctx)
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// pass is one reading of the matrix.
type pass struct {
	*Reader
	file *textfile.File
	parser
	read int64 // entries

	cell uint32 // of the entry read last,
	run  int64  // and how many before it had the same, about
}

// next reads the entries of one piece of the file; after the last, io.EOF.
func (p *pass) next(ctx context.Context) (counts.Entries, error) {
	if err := ctx.Err(); err != nil {
		return counts.Entries{}, err
	}
	piece, err := p.file.Piece()
	if errors.Is(err, io.EOF) && p.read < p.header.entries {
		return counts.Entries{}, p.file.LineFault(p.file.Number(), fmt.Sprintf("is the last, and %s entries were found; line %s says %s",
			counts.Thousands(p.read), counts.Thousands(p.header.line), counts.Thousands(p.header.entries)), "the file is truncated: copy or download it again")
	}
	if err != nil {
		return counts.Entries{}, err
	}
	bad := p.parse(piece)
	before := p.read
	p.read += int64(len(p.row))
	if p.read > p.header.entries {
		return counts.Entries{}, p.surplus(piece, p.header.entries-before)
	}
	if bad >= 0 {
		return counts.Entries{}, p.explain(p.line(piece, bad), firstLine(piece[bad:]))
	}
	return p.taken()
}

// taken is the entries read last, cells and genes told apart, without the genes that
// are left out.
func (p *pass) taken() (counts.Entries, error) {
	e := counts.Entries{Cells: p.col, Genes: p.row, Values: p.value}
	if !p.genesAreRows {
		e.Cells, e.Genes = e.Genes, e.Cells
	}
	if err := p.checkRun(e.Cells); err != nil {
		return counts.Entries{}, err
	}
	if p.genes.choice.Place == nil {
		return e, nil
	}
	n := 0
	for i, gene := range e.Genes {
		if to := p.genes.choice.Place[gene]; to >= 0 {
			e.Cells[n], e.Genes[n], e.Values[n] = e.Cells[i], uint32(to), e.Values[i]
			n++
		}
	}
	return counts.Entries{Cells: e.Cells[:n], Genes: e.Genes[:n], Values: e.Values[:n]}, nil
}

// mostRepeats is how many entries a cell may have for each gene.
const mostRepeats = 64

// checkRun refuses a cell that would fill the memory by repeats.
func (p *pass) checkRun(cells []uint32) error {
	if len(cells) == 0 {
		return nil
	}
	last := cells[len(cells)-1]
	if cells[0] != p.cell || last != p.cell {
		p.run = 0
	}
	p.cell = last
	if p.run += int64(len(cells)); p.run > 1<<21+mostRepeats*int64(p.genes.all.Len()) {
		return p.file.LineFault(p.file.Number(), fmt.Sprintf("cell %s has more than %d entries for every gene", counts.Thousands(int64(last)+1), mostRepeats), "the file is damaged")
	}
	return nil
}

// line is the number of the line that begins at a place of the piece.
func (p *pass) line(piece []byte, at int) int64 {
	return p.file.Number() + int64(bytes.Count(piece[:at], []byte{'\n'}))
}

// surplus is the fault of more entries than promised; the first n of the piece are
// within the promise.
func (p *pass) surplus(piece []byte, n int64) error {
	at := 0
	for ; ; at += bytes.IndexByte(piece[at:], '\n') + 1 {
		if i := skip(piece, at); piece[i] == '\n' || piece[i] == '%' {
			continue
		}
		if n == 0 {
			break
		}
		n--
	}
	return p.file.LineFault(p.line(piece, at), fmt.Sprintf("is one entry more than the %s that line %s says", counts.Thousands(p.header.entries), counts.Thousands(p.header.line)),
		"the file is damaged, or two were joined")
}

// explain says what is wrong with a line that is no entry.
func (p *pass) explain(line int64, text []byte) error {
	words := strings.Fields(string(text[:min(len(text), 200)]))
	expected, n := "row, column and value", 3
	if p.pattern {
		expected, n = "row and column", 2
	}
	if len(words) == n {
		for i, of := range []struct {
			name string
			most int64
		}{{"row", p.header.rows}, {"column", p.header.cols}} {
			index, err := strconv.ParseInt(words[i], 10, 64)
			if err == nil && (index < 1 || index > of.most) {
				return p.file.LineFault(line, fmt.Sprintf("%s %d is not in 1 to %d, as line %s has it", of.name, index, of.most, counts.Thousands(p.header.line)), "the file is damaged")
			}
		}
	}
	return p.file.LineFault(line, "expected "+expected+", found "+textfile.Quote(bytes.TrimRight(text, "\r")), "the file is damaged, or truncated here")
}

// firstLine is the text up to the first newline.
func firstLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	return line
}
