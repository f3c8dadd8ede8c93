package stages

import (
	"encoding/binary"

	"cellvi/pipeline"
)

// cellNumbers does long work on cells, as much in a piece as is worth keeping: a piece
// of its log is the numbers (cells, width) float32 of some cells.
type cellNumbers struct {
	log     *pieceLog
	width   int
	piece   int // cells
	compute func(rows []int32, into []float32) error

	progress pipeline.Progress
	kept     int // cells that are in the log
}

// fill writes the numbers (len(rows), width) of cells, from the log as far as it goes,
// which is asked in the cells' order. Pieces end where rows end.
func (c *cellNumbers) fill(rows []int32, into []float32) error {
	for at := 0; at < len(rows); {
		n, err := c.next(len(rows)-at, into[at*c.width:])
		if err != nil {
			return err
		}
		if n > 0 {
			c.progress.Again(int64(n))
		} else {
			n = min(c.piece, len(rows)-at)
			part := into[at*c.width : (at+n)*c.width]
			if err := c.compute(rows[at:at+n], part); err != nil {
				return err
			}
			err := c.log.add(func(piece []byte) []byte {
				piece, _ = binary.Append(piece, binary.LittleEndian, part) // numbers always append
				return piece
			})
			if err != nil {
				return err
			}
			c.progress.Add(int64(n))
		}
		at += n
		c.kept += n
	}
	return nil
}

// next gives the cells of the next piece of an earlier run, of at most so many, and
// writes their numbers; 0 where there is no further one.
func (c *cellNumbers) next(most int, into []float32) (cells int, err error) {
	_, err = c.log.next(func(piece []byte) (bool, error) {
		n := numbersIn(c.width)(piece)
		if n < 1 || n > most {
			return false, nil
		}
		cells = n
		_, err := binary.Decode(piece, binary.LittleEndian, into[:n*c.width])
		return true, err
	})
	return cells, err
}

// numbersIn gives the cells of a piece of so many numbers a cell; 0: it is none.
func numbersIn(width int) func(piece []byte) (cells int) {
	return func(piece []byte) int {
		if len(piece)%(4*width) != 0 {
			return 0
		}
		return len(piece) / (4 * width)
	}
}
