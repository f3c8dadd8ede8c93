package counts_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

func fingerprint(full *countstest.FullTable, chunk int) *counts.Fingerprint {
	f := &counts.Fingerprint{}
	r := countstest.Memory(full, chunk)
	for {
		t, err := r.Next(context.Background())
		if err == io.EOF {
			return f
		}
		f.Add(t, r.Genes())
	}
}

func TestFingerprint(t *testing.T) {
	full := &countstest.FullTable{
		Genes: &counts.Frame{Names: []string{"CD3D", "MS4A1", "ß"}},
		Table: &counts.Table{
			Obs:    counts.Frame{Names: []string{"AAAC-1", "empty", "c"}},
			Indptr: []int64{0, 2, 2, 5},
			Genes:  []uint32{0, 2, 0, 1, 2},
			Values: []float64{3, 4294967295, 1e19, 0.5, 1e23},
		},
	}
	text := "AAAC-1\tCD3D=3;ß=4294967295;\nempty\t\nc\tCD3D=10000000000000000000;MS4A1=0.5;ß=99999999999999991611392;\n"
	want := sha256.Sum256([]byte(text))
	for chunk := 1; chunk <= 3; chunk++ {
		f := fingerprint(full, chunk)
		if f.Sum() != hex.EncodeToString(want[:]) {
			t.Errorf("chunks of %d: another sum", chunk)
		}
		if f.Cells != 3 || f.NNZ != 5 || f.Empty != 1 || f.Total != 3+4294967295+1e19+0.5+1e23 {
			t.Errorf("got %+v", f)
		}
	}
	if empty := (&counts.Fingerprint{}).Sum(); !strings.HasPrefix(empty, "e3b0c442") {
		t.Errorf("of nothing: %s", empty)
	}
}
