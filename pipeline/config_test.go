package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

type configCLI struct {
	Config ConfigFlag `name:"config"`
	Train  struct {
		NLatent int      `name:"n-latent" default:"10"`
		LR      float64  `name:"lr" default:"0.1"`
		Input   []string `name:"input" sep:"none"`
		Stop    bool     `name:"early-stopping"`
		Share   *float64 `name:"train-size"`
		Join    string   `name:"join" enum:"inner,outer" default:"inner"`
		Seed    uint64   `name:"seed"`
	} `cmd:""`
	Other struct {
		Title string `name:"title"`
	} `cmd:""`
}

// parseConfig parses `train --config FILE args...` with the YAML text.
func parseConfig(t *testing.T, text string, args ...string) (*configCLI, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.yaml")
	put(t, path, text)
	var c configCLI
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append([]string{"train", "--config", path}, args...))
	if err != nil {
		err = &trimmed{strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", "")}
	}
	return &c, err
}

type trimmed struct{ text string }

func (e *trimmed) Error() string { return e.text }

func TestConfig(t *testing.T) {
	c, err := parseConfig(t, `
n_latent: 20
lr: 1e-3
input: [a.h5ad, "b,c.h5ad"]
early-stopping: true
train_size: 0.8
join: outer
title: another command's
seed: null
`, "--lr", "0.5")
	if err != nil {
		t.Fatal(err)
	}
	x := c.Train
	if x.NLatent != 20 || x.LR != 0.5 || len(x.Input) != 2 || x.Input[1] != "b,c.h5ad" || !x.Stop || x.Share == nil || *x.Share != 0.8 || x.Join != "outer" || x.Seed != 0 {
		t.Errorf("got %+v", x)
	}
}

func TestConfigOneInput(t *testing.T) {
	c, err := parseConfig(t, "input: a.h5ad\n")
	if err != nil || len(c.Train.Input) != 1 || c.Train.Input[0] != "a.h5ad" {
		t.Errorf("got %v, %v", c.Train.Input, err)
	}
}

// TestConfigFaults: all at once, each with its line.
func TestConfigFaults(t *testing.T) {
	_, err := parseConfig(t, `n_latnet: 20
lr: fast
early_stopping: 3
join: left
input: {a: b}
n-latent: 1.5
seed: -1
lr: 1
config: x
n_latent: 5
title: [1]
`)
	want := `run.yaml:1: n_latnet: no such name: did you mean n_latent?
run.yaml:2: lr: needs a number, got "fast"
run.yaml:3: early_stopping: needs true or false, got "3"
run.yaml:4: join: is "left", not one of inner, outer
run.yaml:5: input: needs a text, got a list or a mapping
run.yaml:6: n-latent: needs a whole number, got "1.5"
run.yaml:7: seed: needs a whole number that is not negative, got "-1"
run.yaml:8: lr: is given twice
run.yaml:9: config: no such name: ` + "`cellvi run --help` lists the names" + `
run.yaml:10: n_latent: is given twice
run.yaml:11: title: needs a text, got a list or a mapping`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestConfigTwice(t *testing.T) {
	_, err := parseConfig(t, "n_latent: 1\nn-latent: 2\n")
	if err == nil || err.Error() != "run.yaml:2: n-latent: is given twice" {
		t.Error(err)
	}
}

func TestConfigNotYAML(t *testing.T) {
	for text, want := range map[string]string{
		"- a\n":        "run.yaml:1: expected a mapping",
		"a: [1\nb: 2":  "run.yaml: not YAML: line ",
		"just a text":  "run.yaml:1: expected a mapping",
		"a: b: c\n":    "run.yaml: not YAML: ",
		"\x00\x01\x02": "run.yaml: not YAML: ",
	} {
		_, err := parseConfig(t, text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s…", text, err, want)
		}
	}
}

func TestConfigEmpty(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "{}\n"} {
		if c, err := parseConfig(t, text); err != nil || c.Train.NLatent != 10 {
			t.Errorf("%q: %v, %+v", text, err, c.Train)
		}
	}
}

func TestConfigMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	_, err := ReadConfig(path, nil, nil)
	if ExitCode(err) != ExitNoInput {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was made")
	}
}
