package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cellvi/io/h5ad"
	"cellvi/pipeline"
)

// TestFindSource: what is copied goes by --from, the run's inputs, or run.json.
func TestFindSource(t *testing.T) {
	x := exampleTable(4)
	l := writeStore(t, x)
	cells := filepath.Join(l.Dir, "cells.h5ad")
	check(t, os.WriteFile(cells, []byte("\x89HDF\r\n\x1a\n"), 0o600))
	csv := filepath.Join(l.Dir, "cells.csv")
	check(t, os.WriteFile(csv, []byte("cell,g0,g1\nc,1,2\n"), 0o600))
	other := writeStore(t, x)
	record := func(args string, inputs ...string) string {
		var list []string
		for _, in := range inputs {
			list = append(list, fmt.Sprintf(`{"path": %q, "sha256": "5a"}`, in))
		}
		return fmt.Sprintf(`{"stages": [{"name": "ingest", "args": %s, "inputs": [%s]}]}`, args, strings.Join(list, ","))
	}
	for name, c := range map[string]struct {
		from   string
		ingest *IngestOptions
		record string
		path   string // found
		code   int
		want   string // words of the error, or of why a new file is made
	}{
		"named":                {from: cells, path: cells},
		"the store":            {from: l.Store(), want: "the cells store"},
		"its file":             {from: filepath.Join(l.Store(), "cells.arrow"), want: "the cells store"},
		"another store":        {from: other.Store(), code: pipeline.ExitUsage, want: "not the one that is embedded"},
		"a table":              {from: csv, code: pipeline.ExitBadInput, want: "cells.csv: is no .h5ad (CSV or TSV)"},
		"not there":            {from: cells + "x", code: pipeline.ExitNoInput, want: "there is no such file"},
		"of the run":           {ingest: &IngestOptions{Input: []string{cells}}, path: cells},
		"a table of the run":   {ingest: &IngestOptions{Input: []string{csv}}, want: "the input is CSV"},
		"several of the run":   {ingest: &IngestOptions{Input: []string{cells, csv}}, want: "there were several inputs"},
		"on record":            {record: record(`{"make_unique": true}`, "cells.h5ad", csv), path: cells},
		"on record, elsewhere": {record: record(`{}`, cells), path: cells},
		"several on record":    {record: record(`{"labels": ["a", "b"]}`, "cells.h5ad", csv), want: "there were several inputs"},
		"gone":                 {record: record(`{}`, "gone.h5ad"), code: pipeline.ExitNoInput, want: "gone.h5ad, which the store was made from, is not there any more"},
		"no record":            {code: pipeline.ExitUsage, want: "does not tell which file the store was made from: name it with --from"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(l.Dir, pipeline.RecordFile)
			_ = os.Remove(path)
			if c.record != "" {
				check(t, os.WriteFile(path, []byte(c.record), 0o600))
			}
			s := &Embed{Layout: l, Options: EmbedOptions{WriteH5AD: "x.h5ad", From: c.from}, Ingest: c.ingest}
			found, err := s.findSource()
			switch {
			case c.code != 0:
				wantError(t, err, c.code, c.want)
			case err != nil:
				t.Error(err)
			case found.path != c.path || !strings.Contains(found.why, c.want):
				t.Errorf("found %+v", found)
			case found.path != "" && found.sum != map[bool]string{true: "5a"}[c.record != ""]:
				t.Errorf("sum %q", found.sum)
			case name == "on record" && !found.makeUnique:
				t.Error("that names were made unique is forgotten")
			}
		})
	}
}

// TestEmbedPlan: the copy is an output, and its options count only where it is asked for.
func TestEmbedPlan(t *testing.T) {
	args := func(o EmbedOptions) (pipeline.Plan, string) {
		plan := (&Embed{Layout: Layout{"out"}, Options: o}).Plan()
		text, err := json.Marshal(plan.Args)
		check(t, err)
		return plan, string(text)
	}
	if p, text := args(EmbedOptions{ObsmKey: defaultObsmKey}); len(p.Outputs) != 1 || text != `{"latent_var":false}` {
		t.Errorf("without a copy: %v, %s", p.Outputs, text)
	}
	p, text := args(EmbedOptions{ObsmKey: "X", WriteH5AD: "a.h5ad", WriteObs: true})
	if len(p.Outputs) != 2 || p.Outputs[1] != "a.h5ad" || text != `{"latent_var":false,"obsm_key":"X","write_obs":true}` {
		t.Errorf("with a copy: %v, %s", p.Outputs, text)
	}
}

func TestEmbedValidate(t *testing.T) {
	usual := EmbedOptions{WriteH5AD: "x.h5ad", ObsmKey: defaultObsmKey}
	for want, o := range map[string]EmbedOptions{
		"without --write-h5ad":        {ObsmKey: "X"},
		"it must be a name":           {WriteH5AD: "x", ObsmKey: "a/b"},
		"must be px_rate or px_scale": {WriteH5AD: "x", ObsmKey: "X", WriteLayers: []string{"rate"}},
		"names px_rate twice":         {WriteH5AD: "x", ObsmKey: "X", WriteLayers: []string{"px_rate", "px_rate"}},
	} {
		wantError(t, o.Validate(), pipeline.ExitUsage, want)
	}
	check(t, usual.Validate())
	check(t, EmbedOptions{ObsmKey: defaultObsmKey}.Validate())
}

// TestFeederDeaths: however the child ends that adds to a copy, the error is one line
// that names what was copied.
func TestFeederDeaths(t *testing.T) {
	path := writeH5AD(t, exampleTable(3000))
	add := &additions{List: []h5ad.Addition{{Group: "obsm", Name: "X", Cols: 2}}}
	for range 3000 {
		add.Marks.Append(true)
	}
	feed := func(rows int) error {
		f, err := startFeeder(context.Background(), path, "input.h5ad", add, means{threads: 1})
		check(t, err)
		for range rows / 100 {
			_ = f.send(0, make([]float32, 200))
		}
		return f.end(context.Background())
	}
	for how, want := range map[string]string{"11": "crashed", "6": "crashed", "garbage": "gave data that cannot be", "memory": "needs more than"} {
		t.Run(how, func(t *testing.T) {
			t.Setenv(misbehave, how)
			wantError(t, feed(3000), pipeline.ExitBadInput, "input.h5ad: ", want)
		})
	}
	t.Run("killed", func(t *testing.T) {
		t.Setenv(misbehave, "9")
		wantError(t, feed(3000), pipeline.ExitOverMemory, "input.h5ad: ", "was killed, by the system")
	})
	if err := feed(2900); err == nil || !strings.Contains(err.Error(), "fewer values than marked cells") {
		t.Errorf("too few rows: %v", err)
	}
	check(t, os.Chmod(path, 0o600))
	check(t, os.Truncate(path, 5000))
	wantError(t, feed(3000), pipeline.ExitBadInput, "input.h5ad: ", "truncated")
}
