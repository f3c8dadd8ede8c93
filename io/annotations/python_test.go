package annotations

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const script = `
import json, sys, numpy as np, pandas as pd
rng = np.random.default_rng(0)
n = 200
d = pd.DataFrame(dict(batch=rng.choice(["a", "b,c", 'd"e', "é\nf"], n), n=rng.integers(-5, 5, n), score=rng.normal(size=n) * 10.0 ** rng.integers(-300, 300, n),
    ok=rng.random(n) < .5, gaps=np.where(rng.random(n) < .5, np.nan, 1.5), text=np.where(rng.random(n) < .5, "", "x")), index=[f"cell {i}" for i in range(n)])
d.to_csv(sys.argv[1]); d.to_csv(sys.argv[2], sep="\t", quoting=1)
r = pd.read_csv(sys.argv[1], index_col=0)
print(json.dumps(dict(names=list(r.index), kinds=[str(t) for t in r.dtypes], score=[x.hex() for x in r["score"]], batch=list(r["batch"]), missing=[bool(x) for x in r["text"].isna()])))
`

func TestReadsWhatPandasWrites(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" {
		t.Skip("set CELLVI_PYTHON to a Python that has pandas")
	}
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "obs.csv.gz"), filepath.Join(dir, "obs.tsv")}
	cmd := exec.Command(python, append([]string{"-c", script}, paths...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Names, Kinds, Batch []string
		Missing             []bool
	}
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{"object": "string", "str": "string", "int64": "integer", "float64": "float", "bool": "boolean"}
	for _, path := range paths {
		got, err := Read(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range want.Kinds {
			if got.Columns[i].Kind.String() != kinds[k] {
				t.Errorf("%s: %s is %s, pandas has %s", path, got.Columns[i].Name, got.Columns[i].Kind, k)
			}
		}
		for i, name := range want.Names {
			if got.Names[i] != name || got.Column("batch").Strings[i] != want.Batch[i] || got.Column("text").IsMissing(i) != want.Missing[i] {
				t.Fatalf("%s: row %d: %q %q", path, i, got.Names[i], got.Column("batch").Text(i))
			}
		}
	}
}
