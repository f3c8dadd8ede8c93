package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// reader is a way in which files of a run are read by a later stage.
type reader struct {
	stage string
	files []string // that it reads
	args  func(p *place, results string) []string
	gives []string // outputs that are compared
	here  bool     // it works in the run's own folder, and gives all outputs
	times int      // its weight, for the quick ones are tried more often
	stop  bool     // the folder is that of a run killed in training
}

// readers are the stages and what they read.
var readers = []reader{
	{stage: "embed", files: []string{"store/cells.arrow", "store/genes.arrow", "store/cellvi.sha256", "prepared/cells.parquet", "prepared/genes.parquet",
		"prepared/cellvi.sha256", "model/model.json", "model/model.safetensors", "model/cellvi.sha256"}, gives: []string{"latent.parquet"}, times: 4, args: elsewhere(true)},
	{stage: "reconstruct", files: []string{"store/genes.arrow", "prepared/genes.parquet", "model/model.json", "model/model.safetensors"},
		gives: []string{"reconstruction"}, times: 2, args: elsewhere(true)},
	{stage: "prepare", files: []string{"store/cells.arrow", "store/genes.arrow"}, gives: []string{"prepared"}, times: 2,
		args: func(p *place, results string) []string {
			return []string{"-o", results, "--store", filepath.Join(p.out, "store"), "--batch-key", "batch", "--labels-key", "label", "--seed", "1"}
		}},
	{stage: "train", files: []string{"store/cells.arrow", "prepared/cells.parquet", "prepared/genes.parquet"}, times: 1,
		gives: []string{"model", "history.parquet", "genes.parquet"}, args: func(p *place, results string) []string {
			return append(elsewhere(false)(p, results), "--n-hidden", "32", "--max-epochs", "3", "--seed", "1")
		}},
	{stage: "run", here: true, times: 1, files: []string{"run.json", "latent.parquet", "history.parquet", "genes.parquet", "reconstruction/px_rate.parquet",
		"reconstruction/cellvi.sha256", "model/model.safetensors", "store/cells.arrow", "prepared/cells.parquet", "cellvi_mqc.json"}},
	{stage: "run", here: true, times: 6, stop: true, files: []string{checkpointFile}},
	{stage: "run", here: true, times: 1, stop: true, files: []string{"run.json", "store/cells.arrow", "prepared/cells.parquet", "prepared/genes.parquet"}},
}

// elsewhere are arguments of a stage that reads the run's folder and writes another.
func elsewhere(model bool) func(p *place, results string) []string {
	return func(p *place, results string) []string {
		args := []string{"-o", results, "--store", filepath.Join(p.out, "store"), "--prepared", filepath.Join(p.out, "prepared")}
		if model {
			args = append(args, "--model", filepath.Join(p.out, "model"))
		}
		return args
	}
}

// flipCases damage each file that a stage reads.
func flipCases(ctx context.Context, l *lab, n int, r *rand.Rand) ([]trial, error) {
	if err := l.stopEverywhere(ctx); err != nil {
		return nil, err
	}
	weights := 0
	for _, rd := range readers {
		weights += rd.times * len(rd.files)
	}
	var all []trial
	for _, rd := range readers {
		for _, file := range rd.files {
			for i, d := range damages(max(1, n*rd.times/weights), r) {
				all = append(all, trial{fmt.Sprintf("%s (%s %d), then %s", file, d.how, i, rd.name()), func(ctx context.Context, p *place) (string, error) {
					return rd.try(ctx, p, file, d, false)
				}})
			}
		}
	}
	return all, nil
}

func (rd reader) name() string {
	if rd.stop {
		return rd.stage + " on"
	}
	return rd.stage
}

// forgeCases damage files and make their checksums anew: then only death is a fault.
func forgeCases(_ context.Context, _ *lab, n int, r *rand.Rand) ([]trial, error) {
	var all []trial
	rd := readers[0]
	files := []string{"store/cells.arrow", "store/genes.arrow", "prepared/cells.parquet", "prepared/genes.parquet", "model/model.json", "model/model.safetensors"}
	for _, file := range files {
		for i, d := range damages(max(1, n/len(files)), r) {
			all = append(all, trial{fmt.Sprintf("%s (%s %d)", file, d.how, i), func(ctx context.Context, p *place) (string, error) {
				return rd.try(ctx, p, file, d, true)
			}})
		}
	}
	return all, nil
}

// try damages one file in a copy of the run's folder and has a stage read it.
func (rd reader) try(ctx context.Context, p *place, file string, d damage, forge bool) (string, error) {
	from := p.folder("whole")
	if rd.stop {
		from = p.stoppedAt(5)
	}
	if err := copyTree(from, p.out); err != nil {
		return "", err
	}
	same, err := p.spoil(file, d)
	if errors.Is(err, os.ErrNotExist) {
		return "- there is no such file", nil
	}
	if err != nil || same {
		return "- changes nothing", err
	}
	if forge {
		if err := resum(filepath.Join(p.out, filepath.Dir(file))); err != nil {
			return "", err
		}
	}
	results := filepath.Join(p.dir, "results")
	argv := append([]string{p.bin, rd.stage, "--log-level", "error"}, p.argsOf(rd, results)...)
	if rd.here {
		argv, results = p.command(), p.out
	}
	e, err := p.run(ctx, call{argv: argv})
	if err != nil {
		return "", err
	}
	return rd.outcome(p, e, results, forge)
}

func (p *place) argsOf(rd reader, results string) []string {
	if rd.args == nil {
		return nil
	}
	return rd.args(p, results)
}

// spoil damages a file; same tells that its bytes are as before.
func (p *place) spoil(file string, d damage) (same bool, err error) {
	path := filepath.Join(p.out, file)
	data, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	bad, how := d.to(data)
	fmt.Fprintf(&p.said, "%s: %s\n", file, how)
	return bytes.Equal(bad, data), os.WriteFile(path, bad, 0o666)
}

// outcome is a refusal, or all outputs of the stage as they were.
func (rd reader) outcome(p *place, e *ended, results string, forge bool) (string, error) {
	if e.code != 0 {
		if err := e.refused(65, 66, 74); err != nil {
			return "", err
		}
		return fmt.Sprintf("refused, %d", e.code), nil
	}
	if err := e.sound(); err != nil {
		return "", err
	}
	got, err := contentOf(results)
	if err != nil {
		return "", err
	}
	want := p.whole
	if !rd.here {
		want, got = p.whole.part(rd.gives...), got.part(rd.gives...)
	}
	switch d := want.differ(got); {
	case d == "":
		return "the right answer", nil
	case forge:
		return "another answer", nil
	default:
		return "", errors.New("a wrong answer: " + d)
	}
}
