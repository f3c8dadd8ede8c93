//go:build cgo

package hdf5

// scan fills dst with n rows from first on, or columns where it goes by columns;
// convert takes the bytes of values in a row, read is libhdf5's way for a block of
// the dataset.
func scan[T any](s *Scan, dst []T, first, n int64, convert func(dst []T, src []byte), read func(dst []T, start, count []int64) error) error {
	start, count := s.block(first, n)
	if err := s.d.checkBlock(int64(len(dst)), start, count); err != nil {
		return err
	}
	switch {
	case n > 0 && s.direct:
		return scanChunked(s, dst, first, n, convert)
	case s.way == ByColumns:
		return turned(s, dst, n, func(dst []T) error { return read(dst, start, count) })
	}
	return read(dst, start, count)
}

// block is the part of the dataset that a range is.
func (s *Scan) block(first, n int64) (start, count []int64) {
	switch {
	case s.way == ByColumns:
		return []int64{0, first}[:s.axes], []int64{s.rows, n}[:s.axes]
	case len(s.d.is.shape) == 0:
		return []int64{first}, []int64{n}
	}
	return []int64{first, 0}[:s.axes], []int64{n, s.cols}[:s.axes]
}

func scanChunked[T any](s *Scan, dst []T, first, n int64, convert func(dst []T, src []byte)) error {
	for band := first / s.deep; band*s.deep < first+n; band++ {
		s.seek(band * s.across)
		from, to := max(first, band*s.deep), min(first+n, (band+1)*s.deep)
		for side := range s.across {
			c, err := s.wait(band*s.across + side)
			if err != nil {
				return err
			}
			left := side * s.wide
			p := patch{from: from, to: to, top: band * s.deep, left: left, width: min(s.wide, s.broad-left), at: (from - first) * s.broad}
			switch {
			case c.missing:
				err = fillPatch(s, dst, p, convert)
			case s.way == ByColumns:
				turnPatch(s, dst, p, c.data, convert)
			default:
				copyPatch(s, dst, p, c.data[(from-p.top)*s.wide*int64(s.d.is.Size):], convert)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// patch is what a range has in common with a chunk, which begins at top: from to to
// along the scan, width values across from left on. In the range's values it begins
// at at, one line after the other.
type patch struct{ from, to, top, left, width, at int64 }

// copyPatch converts the patch from a chunk's bytes, which begin with its first row.
func copyPatch[T any](s *Scan, dst []T, p patch, src []byte, convert func([]T, []byte)) {
	size := int64(s.d.is.Size)
	if s.wide == s.broad { // the rows follow each other
		n := (p.to - p.from) * p.width
		convert(dst[p.at:p.at+n], src[:n*size])
		return
	}
	for row := range p.to - p.from {
		at := p.at + row*s.broad + p.left
		convert(dst[at:at+p.width], src[row*s.wide*size:][:p.width*size])
	}
}

// turnPatch converts the patch of columns, which become rows.
func turnPatch[T any](s *Scan, dst []T, p patch, src []byte, convert func([]T, []byte)) {
	size, n := int64(s.d.is.Size), p.to-p.from
	line := make([]T, n)
	for row := range p.width {
		convert(line, src[(row*s.deep+p.from-p.top)*size:][:n*size])
		at := p.at + p.left + row
		for _, v := range line {
			dst[at] = v
			at += s.broad
		}
	}
}

// fillPatch gives the patch the value of what is not stored.
func fillPatch[T any](s *Scan, dst []T, p patch, convert func([]T, []byte)) error {
	bytes, err := s.fillBytes()
	if err != nil {
		return err
	}
	one := make([]T, 1)
	convert(one, bytes)
	for row := range p.to - p.from {
		line := dst[p.at+row*s.broad+p.left:][:p.width]
		for i := range line {
			line[i] = one[0]
		}
	}
	return nil
}

// turned has libhdf5 read n columns, and makes rows of them.
func turned[T any](s *Scan, dst []T, n int64, read func([]T) error) error {
	part := make([]T, len(dst))
	if err := read(part); err != nil {
		return err
	}
	for row := range s.rows {
		for i, v := range part[row*n : (row+1)*n] {
			dst[int64(i)*s.rows+row] = v
		}
	}
	return nil
}
