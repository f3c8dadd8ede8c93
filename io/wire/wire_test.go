package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// sent is what Send writes of a table, cut into pieces of 3 cells.
func sent(t testing.TB, want *countstest.FullTable) []byte {
	t.Helper()
	var pipe bytes.Buffer
	if err := Send(context.Background(), &pipe, countstest.Memory(want, 3), About{Format: "loom", Notes: []string{"a note"}}); err != nil {
		t.Fatal(err)
	}
	return pipe.Bytes()
}

func TestConforms(t *testing.T) {
	countstest.Run(t, func(t *testing.T, want *countstest.FullTable) counts.Reader {
		r, err := Receive(bytes.NewReader(sent(t, want)))
		if err != nil {
			t.Fatal(err)
		}
		return r
	})
}

// small is a table of 5 cells and 3 genes.
func small() *countstest.FullTable {
	return &countstest.FullTable{
		Genes: &counts.Frame{Names: []string{"a", "b", "c"}},
		Table: &counts.Table{
			Obs: counts.Frame{Names: []string{"1", "2", "3", "4", "5"}, Columns: []counts.Column{
				{Name: "batch", Kind: counts.Categorical, Levels: []string{"x", "y"}, Codes: []int32{0, 1, -1, 1, 0}},
			}},
			Indptr: []int64{0, 1, 3, 3, 4, 6}, Genes: []uint32{2, 0, 1, 2, 0, 2}, Values: []float64{1, 2, 3, 4, 5, 6},
		},
	}
}

func TestNotes(t *testing.T) {
	r, err := Receive(bytes.NewReader(sent(t, small())))
	if err != nil || r.About().Format != "loom" || r.About().Notes[0] != "a note" {
		t.Errorf("got %v, %v", r.About(), err)
	}
}

// receive reads all there is.
func receive(text []byte) (cells int, err error) {
	r, err := Receive(bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		table, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return cells, nil
		}
		if err != nil {
			return cells, err
		}
		cells += table.Cells()
	}
}

// TestTruncated: however little is missing, the end is not taken for a good one.
func TestTruncated(t *testing.T) {
	whole := sent(t, small())
	if cells, err := receive(whole); cells != 5 || err != nil {
		t.Fatal(cells, err)
	}
	accepted := 0
	for n := range whole {
		cells, err := receive(whole[:n])
		if err != nil && !errors.Is(err, ErrBroken) {
			t.Fatalf("%d of %d bytes: error %v", n, len(whole), err)
		}
		if err == nil && cells != 5 {
			t.Fatalf("%d of %d bytes: %d cells taken for all", n, len(whole), cells)
		}
		if err == nil {
			accepted++
		}
	}
	if accepted > 8 { // the stream's end mark, after the last batch
		t.Errorf("%d truncations taken for whole", accepted)
	}
}

// TestGarbage: changed bytes give an error or a table that holds its promises.
func TestGarbage(t *testing.T) {
	whole := sent(t, small())
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		broken := bytes.Clone(whole)
		for range 1 + random.IntN(3) {
			broken[random.IntN(len(broken))] = byte(random.Uint32())
		}
		r, err := Receive(bytes.NewReader(broken))
		for err == nil {
			var table *counts.Table
			if table, err = r.Next(context.Background()); err == nil {
				if bad := table.Validate(r.Genes().Len()); bad != nil {
					t.Fatal(bad)
				}
			}
		}
	}
}

// failing is a reader that ends in an error.
type failing struct{ counts.Reader }

var errReader = errors.New("a fault of the reader")

func (failing) Next(context.Context) (*counts.Table, error) { return nil, errReader }

func TestSendFails(t *testing.T) {
	var pipe bytes.Buffer
	err := Send(context.Background(), &pipe, failing{countstest.Memory(small(), 3)}, About{})
	if !errors.Is(err, errReader) {
		t.Error(err)
	}
	if _, err := receive(pipe.Bytes()); !errors.Is(err, ErrBroken) {
		t.Errorf("the far end: %v", err)
	}
}
