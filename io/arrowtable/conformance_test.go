package arrowtable

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

func TestConforms(t *testing.T) {
	layouts := []struct {
		name   string
		limits countstest.Limits
		record func(*countstest.FullTable) arrow.RecordBatch
		genes  bool
		ways   []string
	}{
		{Wide, countstest.Limits{NoVar: true}, wideRecord, false, []string{"ipc zstd", "parquet"}},
		{List, countstest.Limits{}, listRecord, true, []string{"ipc stream", "ipc lz4", "parquet v2", "parquet pages"}},
		{Long, countstest.Limits{NoObs: true}, longRecord, true, []string{"ipc", "parquet"}},
	}
	for _, layout := range layouts {
		for _, way := range layout.ways {
			t.Run(layout.name+" "+way, func(t *testing.T) {
				countstest.RunWithin(t, layout.limits, func(t *testing.T, want *countstest.FullTable) counts.Reader {
					path := temporary(t, "x")
					forgetLevels(way, want)
					storages[way](t, path, layout.record(want), int64(7+want.Table.Cells()/3))
					opt := Options{Layout: layout.name, Memory: 128 << 20}
					if layout.genes {
						opt.Genes = want.Genes
					} else {
						opt.ObsColumns = numeric(&want.Table.Obs)
					}
					r, err := Open(path, opt)
					if err != nil {
						t.Fatal(err)
					}
					return r
				})
			})
		}
	}
}

// numeric names the annotations that a wide table would have for genes.
func numeric(f *counts.Frame) (names []string) {
	for _, c := range f.Columns {
		if c.Kind == counts.Int || c.Kind == counts.Float {
			names = append(names, c.Name)
		}
	}
	return names
}

// forgetLevels: a Parquet file without rows has no dictionaries.
func forgetLevels(way string, want *countstest.FullTable) {
	for i := range want.Table.Obs.Columns {
		if strings.HasPrefix(way, "parquet") && want.Table.Cells() == 0 {
			want.Table.Obs.Columns[i].Levels = nil
		}
	}
}
