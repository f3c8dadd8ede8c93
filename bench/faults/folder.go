package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// obstacle is something about folders that a run meets.
type obstacle struct {
	name   string
	nobody bool // run as a user without rights, for root is stopped by none
	set    func(p *place) error
	args   func(p *place) []string // further ones
	env    []string
	code   int // 0: the run is not disturbed
}

// obstacles are those in the way: what stands there must stand there still.
var obstacles = []obstacle{
	{name: "the parent folder may not be written", nobody: true, code: 73, set: func(p *place) error { return os.Chmod(p.dir, 0o755) }},
	{name: "the folder may not be written", nobody: true, code: 73, set: func(p *place) error { return os.Mkdir(p.out, 0o755) }},
	{name: "a disk mounted to be read only", code: 73, set: readOnlyDisk},
	{name: "a file in place of the folder", code: 73, set: func(p *place) error { return os.WriteFile(p.out, []byte("mine"), 0o666) }},
	{name: "a file in place of store", code: 73, set: mine("store")},
	{name: "a file in place of model", code: 73, set: mine("model")},
	{name: "a file of the user's in model", code: 73, set: mine("model/notes.txt")},
	{name: "a file of the user's in reconstruction", code: 73, set: mine("reconstruction/notes.txt")},
	{name: "a folder in place of latent.parquet", code: 73, set: mine("latent.parquet/notes.txt")},
	{name: "an empty folder in place of history.parquet", code: 73, set: folder("history.parquet")},
	{name: "a folder in place of run.json", code: 65, set: folder("run.json/x")},
	{name: "a folder in place of the lock", code: 73, set: folder(lockFile + "/x")},
	{name: "a folder in place of the checkpoint", code: 65, set: folder("checkpoint.safetensors/x")},
	{name: "--checkpoint-dir may not be written", nobody: true, code: 73, set: func(p *place) error {
		return errors.Join(os.Chmod(p.dir, 0o777), os.Mkdir(p.checkpoints(), 0o755))
	}, args: checkpointDir},
	{name: "--checkpoint-dir is a file", code: 73, set: func(p *place) error { return os.WriteFile(p.checkpoints(), nil, 0o666) }, args: checkpointDir},
	{name: "--checkpoint-dir is to be made", set: nothing, args: checkpointDir},
	{name: "TMPDIR is missing", set: nothing, env: []string{"TMPDIR=/none"}},
	{name: "TMPDIR may not be written", nobody: true, set: func(p *place) error { return os.Chmod(p.dir, 0o777) }, env: []string{"TMPDIR=/"}},
	{name: "the input's folder may not be written", nobody: true, set: func(p *place) error { return os.Chmod(p.dir, 0o777) }},
	{name: "HOME is missing", set: nothing, env: []string{"HOME=/none"}},
	{name: "the folder is a link to another", set: linked},
	{name: "a temporary file of a dead run in place of latent.parquet's", set: mine(".latent.parquet.cellvi-part")},
	{name: "a temporary folder of a dead run in place of latent.parquet's", set: mine(".latent.parquet.cellvi-part/deep/file")},
	{name: "a temporary file of a dead run in place of store's", set: mine(".store.cellvi-part")},
	{name: "a temporary folder of a dead run in place of store's", set: mine(".store.cellvi-part/deep/file")},
	{name: "an old store of a dead run", set: mine("store/.cells.arrow.cellvi-part")},
	{name: "a lock of a dead run", set: stale("999999999\n")},
	{name: "a lock of a dead run that another host made", set: stale("12345 on elsewhere\n")},
	{name: "a lock of which nothing was written", set: stale("")},
	{name: "a lock that is no text", set: stale("\x00\xff\x00")},
}

func folderCases(context.Context, *lab, int, *rand.Rand) ([]trial, error) {
	var all []trial
	for _, o := range obstacles {
		all = append(all, trial{o.name, o.try})
	}
	return all, nil
}

// try runs with the obstacle in the way.
func (o obstacle) try(ctx context.Context, p *place) (string, error) {
	if os.Getuid() != 0 && o.nobody {
		return "- skipped: needs root to be another user", nil
	}
	if err := o.set(p); err != nil {
		return skipped(err)
	}
	before, err := contentOf(p.dir)
	if err != nil {
		return "", err
	}
	e, err := p.run(ctx, call{argv: o.argv(p), env: o.env})
	if err != nil {
		return "", err
	}
	if o.code == 0 {
		if e.code != 0 {
			return "", errors.New(e.how())
		}
		return "not disturbed", p.gave(p.whole)
	}
	return fmt.Sprintf("refused, %d", o.code), o.refused(p, before, e)
}

func (o obstacle) argv(p *place) []string {
	var more []string
	if o.args != nil {
		more = o.args(p)
	}
	argv := p.command(more...)
	if o.nobody {
		return asNobody(argv)
	}
	return argv
}

// refused checks that it was refused and nothing was lost that was there before.
func (o obstacle) refused(p *place, before content, e *ended) error {
	if err := errors.Join(e.refused(o.code), e.says(p.dir)); err != nil {
		return err
	}
	after, err := contentOf(p.dir)
	for path, sum := range before {
		if after[path] != sum && err == nil {
			err = fmt.Errorf("%s was changed or removed", path)
		}
	}
	return err
}

func nothing(*place) error { return nil }

// mine puts a file of the user's into the run's folder.
func mine(name string) func(p *place) error {
	return func(p *place) error {
		path := filepath.Join(p.out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		return os.WriteFile(path, []byte("mine"), 0o666)
	}
}

func folder(name string) func(p *place) error {
	return func(p *place) error { return os.MkdirAll(filepath.Join(p.out, name), 0o777) }
}

// stale leaves a lock that nobody holds.
func stale(text string) func(p *place) error {
	return func(p *place) error {
		if err := os.Mkdir(p.out, 0o777); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(p.out, lockFile), []byte(text), 0o666)
	}
}

// linked makes the run's folder a link.
func linked(p *place) error {
	other := filepath.Join(p.dir, "other")
	return errors.Join(os.Mkdir(other, 0o777), os.Symlink(other, p.out))
}

// readOnlyDisk makes the run's folder one on a disk that cannot be written.
func readOnlyDisk(p *place) error {
	if err := p.mount("size=64m"); err != nil {
		return err
	}
	return errors.Join(os.Mkdir(p.out, 0o777),
		syscall.Mount("tmpfs", filepath.Dir(p.out), "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=64m"))
}

// checkpoints is a folder for checkpoints beside the run's.
func (p *place) checkpoints() string { return filepath.Join(p.dir, "checkpoints") }

func checkpointDir(p *place) []string { return []string{"--checkpoint-dir", p.checkpoints()} }
