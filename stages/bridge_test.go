package stages

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cellvi/io/results"
	"cellvi/io/safetensors"
	"cellvi/model"
)

// fakePython is a program that answers as the script would, and keeps what it was
// asked. $2 is the command, $3 the request, $4 where the answer goes, $OUT the
// request's folder or file.
func fakePython(t *testing.T, answer, does string) (program, asked string) {
	t.Helper()
	dir := t.TempDir()
	program, asked = filepath.Join(dir, "python"), filepath.Join(dir, "asked.json")
	said := filepath.Join(dir, "answer.json")
	check(t, os.WriteFile(said, []byte(answer), 0o666))
	text := "#!/bin/sh\nset -e\ncp \"$3\" " + asked + "\n" + does + "\ncp " + said + " \"$4\"\n"
	check(t, os.WriteFile(program, []byte(text), 0o777))
	return program, asked
}

// modelFolder is a run's folder with a model, of an integer batch, and its history.
func modelFolder(t *testing.T) (Layout, *model.VAE[float32]) {
	t.Helper()
	l := Layout{t.TempDir()}
	cfg := model.DefaultConfig()
	cfg.NInput, cfg.NBatch, cfg.NLabels, cfg.NHidden, cfg.NLatent = 3, 2, 2, 4, 2
	cfg.NCatsPerCov, cfg.NContinuousCov = []int{3}, 1
	vae := model.New[float32](cfg)
	vae.Initialize(1)
	card := modelCard{Format: modelFormat, Config: cfg, Genes: []string{"g0", "g1", "g2"}, Epochs: 2}
	card.BatchKey, card.BatchLevels = "sample", []string{"7", "12"}
	card.LabelsKey, card.LabelLevels = "type", []string{"T", "B"}
	card.CategoricalKeys, card.CategoricalLevels = []string{"treated"}, [][]string{{"False", "True", "0.5"}}
	card.LevelKinds, card.ContinuousKeys = map[string]string{"treated": "float"}, []string{"age"}
	check(t, os.Mkdir(l.Model(), 0o777))
	check(t, writeModel(l.Model(), vae, card))
	history := historyColumns([]model.EpochStats{{Epoch: 0, Train: model.Losses{Rec: 5, KL: 1}}, {Epoch: 1, Train: model.Losses{Rec: 4, KL: 2}}})
	check(t, results.Write(l.History(), "", nil, history...))
	return l, vae
}

// TestExportAsks: what the script is asked for is the whole model, and what it wrote
// is published.
func TestExportAsks(t *testing.T) {
	l, vae := modelFolder(t)
	python, asked := fakePython(t, `{"notes": ["a note"], "versions": {}}`, `echo weights > "$(sed 's/.*"out":"\([^"]*\)".*/\1/' "$3")/model.pt"`)
	target := filepath.Join(t.TempDir(), "out")
	s := &Export{Layout: l, Target: target, Options: ExportOptions{To: "scvi-tools", Layer: "counts", NumericLevels: []string{"sample"}, BridgeOptions: BridgeOptions{Python: python}}}
	job, err := run(s)
	check(t, err)
	wantWarning(t, job, "a note")
	if text, err := os.ReadFile(filepath.Join(target, "model.pt")); err != nil || string(text) != "weights\n" {
		t.Fatalf("%v, %q", err, text)
	}
	text, err := os.ReadFile(asked)
	check(t, err)
	var got map[string]any
	fromJSON(t, text, &got)
	want := map[string]any{}
	fromJSON(t, []byte(`{
		"genes": ["g0", "g1", "g2"], "layer": "counts", "size_factor": "", "categorical": [{"key": "treated", "levels": ["False", "True", "0.5"], "kind": "float"}], "continuous": ["age"], "threads": 1, "cells": 0,
		"train": null, "validation": null,
		"batch": {"key": "sample", "levels": ["7", "12"], "kind": "integer"}, "labels": {"key": "type", "levels": ["T", "B"], "kind": "string"}
	}`), &want)
	for key, value := range want {
		if !reflect.DeepEqual(got[key], value) {
			t.Errorf("%s is %v, want %v", key, got[key], value)
		}
	}
	history, _ := got["history"].(map[string]any)
	if !reflect.DeepEqual(history["epoch"], []any{0.0, 1.0}) || !reflect.DeepEqual(history["elbo_train"], []any{6.0, 6.0}) || !reflect.DeepEqual(history["elbo_validation"], []any{nil, nil}) {
		t.Errorf("the history is %v", history)
	}
	var cfg model.Config
	told, err := json.Marshal(got["model"])
	check(t, err)
	fromJSON(t, told, &cfg)
	if !reflect.DeepEqual(cfg, vae.Config) {
		t.Errorf("the configuration is %+v, want %+v", cfg, vae.Config)
	}
	if _, err := os.Stat(filepath.Dir(got["tensors"].(string))); err != nil {
		t.Error(err)
	}
}

// TestExportRefuses: each cause has its exit code and its line.
func TestExportRefuses(t *testing.T) {
	l, _ := modelFolder(t)
	export := func(python string, o ExportOptions) error {
		o.Python = python
		_, err := run(&Export{Layout: l, Target: filepath.Join(t.TempDir(), "out"), Options: o})
		return err
	}
	wantError(t, export("no-such-python", ExportOptions{}), 64, `there is no Python "no-such-python"`, "--python or CELLVI_PYTHON")
	for cause, code := range map[string]int{"python": 64, "input": 65, "failure": 70} {
		python, _ := fakePython(t, `{"error": "what was wrong", "cause": "`+cause+`", "notes": []}`, "")
		wantError(t, export(python, ExportOptions{}), code, "what was wrong")
	}
	python, _ := fakePython(t, `{}`, "echo first >&2; echo 'SyntaxError: invalid syntax' >&2; exit 1")
	wantError(t, export(python, ExportOptions{}), 64, "failed (exit status 1): SyntaxError: invalid syntax")
	wantError(t, export("true", ExportOptions{}), 64, "ended well and did nothing", "--python or CELLVI_PYTHON")
	python, _ = fakePython(t, `{}`, "")
	wantError(t, export(python, ExportOptions{NumericLevels: []string{"type"}}), 64, `--numeric-levels type: its levels are not all numbers: ["T" "B"]`)
	wantError(t, export(python, ExportOptions{NumericLevels: []string{"other"}}), 64, "--numeric-levels other: the model has no covariate of that name")
	_, card, err := readModel(l.Model())
	check(t, err)
	card.Config.Posterior = model.Full
	check(t, writeModel(l.Model(), model.New[float32](card.Config), *card))
	wantError(t, export(python, ExportOptions{}), 65, "its posterior is full, and scvi-tools' encoder has a diagonal Gaussian alone: train with --posterior diag to export")
}

// TestExportWarnsOfNumbers: text that looks like numbers is said.
func TestExportWarnsOfNumbers(t *testing.T) {
	l, _ := modelFolder(t)
	python, _ := fakePython(t, `{}`, `touch "$(sed 's/.*"out":"\([^"]*\)".*/\1/' "$3")/model.pt"`)
	job, err := run(&Export{Layout: l, Target: filepath.Join(t.TempDir(), "out"), Options: ExportOptions{BridgeOptions: BridgeOptions{Python: python}}})
	check(t, err)
	wantWarning(t, job, `the levels of sample look like numbers (7, 12) and are given to scvi-tools as text: if obs["sample"] holds numbers there, pass --numeric-levels sample`)
}

// importAnswerOf is what the script tells of a model of modelFolder.
func importAnswerOf(t *testing.T, cfg model.Config) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"model": cfg, "genes": []string{"g0", "g1", "g2"}, "trained": true, "layer": "counts", "notes": []string{},
		"categorical": []any{map[string]any{"key": "treated", "levels": []string{"a", "b", "c"}, "kind": "string"}}, "continuous": []string{"age"}, "size_factor": "",
		"batch":   map[string]any{"key": "sample", "levels": []string{"7", "12"}, "kind": "integer"},
		"labels":  map[string]any{"key": "", "levels": []string{"0", "1"}, "kind": "integer"},
		"history": map[string]any{"epoch": []int{0, 1}, "elbo_train": []any{3.5, nil}, "kl_global_train": []any{0, 0}},
	})
	check(t, err)
	return string(text)
}

// TestImportWrites: what the script tells becomes the files that training writes.
func TestImportWrites(t *testing.T) {
	_, vae := modelFolder(t)
	tensors := filepath.Join(t.TempDir(), "t.safetensors")
	check(t, safetensors.Write(tensors, outward(vae.Tensors()), nil))
	python, _ := fakePython(t, importAnswerOf(t, vae.Config), "cp "+tensors+` "$(sed 's/.*"tensors":"\([^"]*\)".*/\1/' "$3")"`)
	s := &Import{Layout: Layout{t.TempDir()}, Source: "saved", Options: ImportOptions{BridgeOptions: BridgeOptions{Python: python}}}
	job, err := run(s)
	check(t, err)
	wantCounts(t, job, map[string]int64{"genes": 3, "epochs": 2})
	got, card, err := readModel(s.Model())
	check(t, err)
	if !reflect.DeepEqual(got.Tensors(), vae.Tensors()) {
		t.Error("the tensors are others")
	}
	if !reflect.DeepEqual(card.CategoricalLevels, [][]string{{"a", "b", "c"}}) || !reflect.DeepEqual(card.ContinuousKeys, []string{"age"}) {
		t.Errorf("model.json has %+v", card)
	}
	if card.BatchKey != "sample" || !reflect.DeepEqual(card.BatchLevels, []string{"7", "12"}) || card.LabelsKey != "" || card.Epochs != 2 ||
		!reflect.DeepEqual(card.Genes, []string{"g0", "g1", "g2"}) || !reflect.DeepEqual(card.LevelKinds, map[string]string{"sample": "integer"}) {
		t.Errorf("model.json has %+v", card)
	}
	history, err := results.Read(s.History())
	check(t, err)
	elbo := history.Column("elbo_train")
	if history.Rows() != 2 || elbo.Float64[0] != 3.5 || elbo.Float64[1] == elbo.Float64[1] || history.Column("kl_global_train") == nil {
		t.Errorf("the history is %+v", history)
	}
	genes, err := results.Read(s.Genes())
	check(t, err)
	if !reflect.DeepEqual(genes.Column("gene_id").String, card.Genes) || !reflect.DeepEqual(genes.Column("selected").Bool, []bool{true, true, true}) {
		t.Errorf("the genes are %+v", genes)
	}
}

// TestImportRefuses: a model that is not whole, and one that cellvi has not.
func TestImportRefuses(t *testing.T) {
	_, vae := modelFolder(t)
	take := func(cfg model.Config, tensors []safetensors.Tensor) error {
		file := filepath.Join(t.TempDir(), "t.safetensors")
		check(t, safetensors.Write(file, tensors, nil))
		python, _ := fakePython(t, importAnswerOf(t, cfg), "cp "+file+` "$(sed 's/.*"tensors":"\([^"]*\)".*/\1/' "$3")"`)
		_, err := run(&Import{Layout: Layout{t.TempDir()}, Source: "saved", Options: ImportOptions{BridgeOptions: BridgeOptions{Python: python}}})
		return err
	}
	whole := outward(vae.Tensors())
	wantError(t, take(vae.Config, whole[1:]), 65, "saved/model.pt: tensor "+whole[0].Name+" is missing")
	strange := vae.Config
	strange.GeneLikelihood = "gamma"
	wantError(t, take(strange, whole), 65, "saved/model.pt: cellvi has no such model", `"gamma"`)
	whole[0].F32[0] /= 0 * whole[0].F32[0]
	wantError(t, take(vae.Config, whole), 65, "its training diverged, or the file is damaged")
}

// TestImportFile: a folder, its prefix, or the file itself.
func TestImportFile(t *testing.T) {
	for _, c := range []struct{ source, prefix, want string }{
		{"saved/", "", "saved/model.pt"}, {"saved", "my_", "saved/my_model.pt"}, {"saved/best.pt", "", "saved/best.pt"},
	} {
		s := &Import{Source: c.source, Options: ImportOptions{Prefix: c.prefix}}
		if s.File() != c.want || s.Plan().Inputs[0] != c.want {
			t.Errorf("%+v opens %s", c, s.File())
		}
	}
}

// TestBridgeAgainstScviTools takes scvi-tools' golden models through the script, and
// models that it trains, there and back.
func TestBridgeAgainstScviTools(t *testing.T) {
	python := os.Getenv("CELLVI_PYTHON")
	if python == "" || exec.Command(python, "-c", "import scvi").Run() != nil {
		t.Skip("set CELLVI_PYTHON to a Python that has scvi-tools")
	}
	script := filepath.Join("bridge", "bridge.py")
	for name, args := range map[string][]string{
		"bridge_golden.py": {shared(t, "golden"), t.TempDir()},
		"bridge_back.py":   {shared(t, "golden", "golden_counts.h5ad"), t.TempDir()},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(python, append([]string{filepath.Join("testdata", name), script}, args...)...)
			cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "OMP_NUM_THREADS=1")
			var out, said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &said
			err := cmd.Run()
			t.Log("\n" + out.String())
			if err != nil || strings.Count(out.String(), "\n") < 10 {
				t.Fatalf("%v\n%s", err, said.String())
			}
		})
	}
}
