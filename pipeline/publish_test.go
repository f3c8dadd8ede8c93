package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// traced is the real disk, which notes every call and breaks one of them.
type traced struct {
	realDisk
	root   string
	calls  []string
	breaks int   // the call to break, from 1; 0: none
	err    error // with this
	noSwap bool  // a file system that cannot exchange
}

func (d *traced) call(op string, paths ...string) error {
	for i := range paths {
		paths[i], _ = filepath.Rel(d.root, paths[i])
	}
	d.calls = append(d.calls, op+" "+strings.Join(paths, " "))
	if len(d.calls) == d.breaks {
		return &fs.PathError{Op: op, Path: paths[0], Err: d.err}
	}
	return nil
}

func (d *traced) mkdirAll(p string) error {
	return first(d.call("mkdirs", p), func() error { return d.realDisk.mkdirAll(p) })
}
func (d *traced) mkdir(p string) error {
	return first(d.call("mkdir", p), func() error { return d.realDisk.mkdir(p) })
}
func (d *traced) removeAll(p string) error {
	return first(d.call("remove", p), func() error { return d.realDisk.removeAll(p) })
}
func (d *traced) sync(p string) error {
	return first(d.call("sync", p), func() error { return d.realDisk.sync(p) })
}
func (d *traced) rename(a, b string) error {
	return first(d.call("rename", a, b), func() error { return d.realDisk.rename(a, b) })
}
func (d *traced) exchange(a, b string) error {
	if d.noSwap {
		return first(d.call("exchange", a, b), func() error { return syscall.EINVAL })
	}
	return first(d.call("exchange", a, b), func() error { return d.realDisk.exchange(a, b) })
}

func first(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

func writeText(text string) func(string) error {
	return func(tmp string) error { return os.WriteFile(tmp, []byte(text), 0o666) }
}

// writeFolder writes a folder of two files.
func writeFolder(text string) func(string) error {
	return func(dir string) error {
		for _, name := range []string{"a", "b"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				return err
			}
		}
		return nil
	}
}

func wantTrace(t *testing.T, d *traced, want string) {
	t.Helper()
	if got := strings.Join(d.calls, "\n"); got != strings.TrimSpace(want) {
		t.Errorf("calls:\n%s\nwant:\n%s", got, want)
	}
}

func TestPublishFileTrace(t *testing.T) {
	d := &traced{root: t.TempDir()}
	if err := publishFile(d, filepath.Join(d.root, "out", "x.parquet"), writeText("new")); err != nil {
		t.Fatal(err)
	}
	wantTrace(t, d, `
mkdirs out
remove out/.x.parquet.cellvi-part
sync out/.x.parquet.cellvi-part
rename out/.x.parquet.cellvi-part out/x.parquet
sync out`)
}

func TestPublishDirTrace(t *testing.T) {
	d := &traced{root: t.TempDir()}
	path := filepath.Join(d.root, "store")
	for range 2 {
		d.calls = nil
		if err := publishDir(d, path, writeFolder("x")); err != nil {
			t.Fatal(err)
		}
	}
	wantTrace(t, d, `
mkdirs .
remove .store.cellvi-part
mkdir .store.cellvi-part
sync .store.cellvi-part
sync .store.cellvi-part/a
sync .store.cellvi-part/b
sync .store.cellvi-part/cellvi.sha256
rename .store.cellvi-part store
exchange .store.cellvi-part store
sync .
remove .store.cellvi-part`)
}

// read gives what stands under the final name: the text of a file, or of a
// folder's files, which must agree, and be as its sums say.
func read(t *testing.T, path string) string {
	t.Helper()
	if _, err := newHasher("").verified(context.Background(), []string{path}); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var texts []string
	err := filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == SumsFile {
			return err
		}
		text, err := os.ReadFile(p)
		texts = append(texts, string(text))
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) == 2 && texts[0] != texts[1] || len(texts) == 0 || len(texts) > 2 {
		t.Fatalf("%s holds %q", path, texts)
	}
	return texts[0]
}

// TestPublishFaults breaks every call of a publishing over an older result: the
// final name holds the old or the new, never a mixture, and the next try works.
func TestPublishFaults(t *testing.T) {
	publishers := map[string]func(d disk, path, text string) error{
		"file":   func(d disk, path, text string) error { return publishFile(d, path, writeText(text)) },
		"folder": func(d disk, path, text string) error { return publishDir(d, path, writeFolder(text)) },
	}
	for name, publish := range publishers {
		for _, noSwap := range []bool{false, true} {
			for step := 1; ; step++ {
				d := &traced{root: t.TempDir(), noSwap: noSwap}
				path := filepath.Join(d.root, "out")
				if err := publish(d, path, "old"); err != nil {
					t.Fatal(err)
				}
				d.calls, d.breaks, d.err = nil, step, syscall.EIO
				err := publish(d, path, "new")
				if len(d.calls) < step {
					break // there is no such step
				}
				at := fmt.Sprintf("%s, step %d, %s", name, step, d.calls[step-1])
				if done := len(d.calls) == step && strings.HasPrefix(d.calls[step-1], "remove"); err == nil && done {
					// what is left of the old folder is no error: the new one stands
				} else if err == nil {
					t.Errorf("%s: no error", at)
				} else if code := ExitCode(err); code != ExitIO {
					t.Errorf("%s: exit code %d: %v", at, code, err)
				}
				if got := read(t, path); got != "old" && got != "new" && !(noSwap && got == "") {
					t.Errorf("%s: %q stands there", at, got)
				}
				d.breaks = 0
				if err := publish(d, path, "newer"); err != nil || read(t, path) != "newer" {
					t.Errorf("%s: the next try: %v", at, err)
				}
				entries, _ := os.ReadDir(d.root)
				if len(entries) != 1 {
					t.Errorf("%s: left behind: %v", at, entries)
				}
			}
		}
	}
}

// TestPublishStale: what a kill left under the temporary name is gone.
func TestPublishStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	stale := filepath.Join(temporary(path), "half")
	if err := os.MkdirAll(stale, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := PublishDir(path, writeFolder("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "half")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what a kill left was published")
	}
}

// TestPublishWriterFails: the old result stands, nothing else does, and the
// error is the writer's own.
func TestPublishWriterFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := PublishFile(path, writeText("old")); err != nil {
		t.Fatal(err)
	}
	bad := BadInput("a fault of the data")
	err := PublishFile(path, func(tmp string) error { return errors.Join(writeText("half")(tmp), bad) })
	if ExitCode(err) != ExitBadInput || read(t, path) != "old" {
		t.Errorf("got %v, and %q stands there", err, read(t, path))
	}
	if _, err := os.Stat(temporary(path)); err == nil {
		t.Error("the temporary is left")
	}
}

func TestPublishSaysDiskFull(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		path := filepath.Join(t.TempDir(), "x.parquet")
		err := PublishFile(path, func(tmp string) error { return &fs.PathError{Op: "write", Path: tmp, Err: errno} })
		if ExitCode(err) != ExitIO || !strings.HasPrefix(err.Error(), path+": the disk is full") {
			t.Errorf("%v: exit code %d: %v", errno, ExitCode(err), err)
		}
	}
}

// TestPublishReadErrorStays: a writer's trouble with a file that it reads is not
// said of the output.
func TestPublishReadErrorStays(t *testing.T) {
	dir := t.TempDir()
	err := PublishFile(filepath.Join(dir, "x"), func(string) error {
		_, err := os.Open(filepath.Join(dir, "input"))
		return err
	})
	if ExitCode(err) != ExitNoInput {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}

func TestPublishCannotCreate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	err := PublishFile(filepath.Join(file, "x"), writeText("x"))
	if ExitCode(err) != ExitCantCreate {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}
