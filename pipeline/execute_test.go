package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"
)

// upper is a stage that copies a file in capitals.
type upper struct {
	dir, in string
	partial string
	folders map[string][]string
	more    []string // outputs
	locks   []Lock
	args    any
	ran     int
	fail    error
}

func (s *upper) Name() string { return "upper" }

func (s *upper) Plan() Plan {
	outputs := append([]string{filepath.Join(s.dir, "out")}, s.more...)
	return Plan{Inputs: []string{s.in}, Outputs: outputs, Args: s.args, Partial: []string{s.partial}, Folders: s.folders, Locks: s.locks}
}

func (s *upper) Run(_ context.Context, job *Job) error {
	s.ran++
	if s.fail != nil {
		return s.fail
	}
	text, err := os.ReadFile(s.in)
	if err != nil {
		return err
	}
	job.Count("bytes", int64(len(text)))
	job.Warn("%d letters", len(text))
	return PublishDir(filepath.Join(s.dir, "out"), func(tmp string) error {
		return os.WriteFile(filepath.Join(tmp, "text"), bytes.ToUpper(text), 0o666)
	})
}

// begin makes a stage with an input.
func begin(t *testing.T) (*upper, *Runner) {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(t.TempDir(), "in")
	put(t, in, "words")
	return &upper{dir: dir, in: in, partial: filepath.Join(dir, "none"), args: map[string]int{"n": 1}},
		&Runner{Log: zerolog.Nop(), Progress: NewLines(zerolog.Nop()), Threads: 1, Version: "1", Command: []string{"x"}}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, r *Runner, s *upper) {
	t.Helper()
	if err := r.Execute(context.Background(), s.dir, s); err != nil {
		t.Fatal(err)
	}
}

func TestExecuteRecords(t *testing.T) {
	s, r := begin(t)
	execute(t, r, s)
	run, err := ReadRun(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	e := run.Stage("upper")
	if e == nil || len(e.Outputs) != 2 || e.Outputs[0].Path != "out/"+SumsFile || e.Outputs[1].Path != "out/text" || e.Outputs[1].Size != 5 {
		t.Fatalf("recorded %+v", e)
	}
	const want = "9403edaaf45d496474abf63f5f7e99230c1b6dae2f99c8cd7fe1b7eda83901f0" // printf WORDS | sha256sum
	if e.Outputs[1].SHA256 != want {
		t.Errorf("SHA-256 %s, want %s", e.Outputs[1].SHA256, want)
	}
	if e.Counts["bytes"] != 5 || len(e.Warnings) != 1 || e.Warnings[0] != "5 letters" || e.Version != "1" {
		t.Errorf("recorded %+v", e)
	}
	if leftover, err := os.Stat(filepath.Join(s.dir, lockFile)); err == nil {
		t.Errorf("left %s", leftover.Name())
	}
}

// TestExecuteSkips: what makes a stage run again, and what does not.
func TestExecuteSkips(t *testing.T) {
	cases := []struct {
		name   string
		change func(t *testing.T, s *upper, r *Runner)
		again  bool
	}{
		{"nothing", func(*testing.T, *upper, *Runner) {}, false},
		{"the input's name", func(t *testing.T, s *upper, _ *Runner) {
			to := s.in + "-moved"
			if err := os.Rename(s.in, to); err != nil {
				t.Fatal(err)
			}
			s.in = to
		}, false},
		{"threads", func(_ *testing.T, _ *upper, r *Runner) { r.Threads = 2 }, false},
		{"the input", func(t *testing.T, s *upper, _ *Runner) { put(t, s.in, "other") }, true},
		{"the arguments", func(_ *testing.T, s *upper, _ *Runner) { s.args = map[string]int{"n": 2} }, true},
		{"the version", func(_ *testing.T, _ *upper, r *Runner) { r.Version = "2" }, true},
		{"force", func(_ *testing.T, _ *upper, r *Runner) { r.Force = true }, true},
		{"an output is gone", func(t *testing.T, s *upper, _ *Runner) {
			if err := os.RemoveAll(filepath.Join(s.dir, "out")); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"an output was changed", func(t *testing.T, s *upper, _ *Runner) { put(t, filepath.Join(s.dir, "out", "text"), "BROKE") }, true},
		{"a temporary of ours", func(t *testing.T, s *upper, _ *Runner) {
			put(t, filepath.Join(s.dir, "out", ".text.cellvi-part"), "")
		}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, r := begin(t)
			execute(t, r, s)
			c.change(t, s, r)
			execute(t, r, s)
			if again := s.ran == 2; again != c.again {
				t.Errorf("ran again: %v, want %v", again, c.again)
			}
		})
	}
}

// TestExecuteFailure: a failed stage leaves the record of the one before alone.
func TestExecuteFailure(t *testing.T) {
	s, r := begin(t)
	execute(t, r, s)
	put(t, s.in, "other")
	s.fail = errors.New("no")
	if err := r.Execute(context.Background(), s.dir, s); !errors.Is(err, s.fail) {
		t.Fatal(err)
	}
	put(t, s.in, "words")
	execute(t, r, s)
	if s.ran != 2 {
		t.Error("the result before the failure did not stand any more")
	}
}

// TestExecuteForceForgets: a checkpoint is gone on from, unless all is to be
// done again.
func TestExecuteForceForgets(t *testing.T) {
	s, r := begin(t)
	s.partial = filepath.Join(s.dir, "checkpoint")
	for _, force := range []bool{false, true} {
		put(t, s.partial, "x")
		r.Force = force
		execute(t, r, s)
		if _, err := os.Stat(s.partial); (err != nil) != force {
			t.Errorf("force %v: %v", force, err)
		}
	}
}

func TestExecuteMissingInput(t *testing.T) {
	s, r := begin(t)
	s.in += "-none"
	err := r.Execute(context.Background(), s.dir, s)
	if ExitCode(err) != ExitNoInput || !strings.HasPrefix(err.Error(), s.in) {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}

// TestExecuteMistypedFolder: where the inputs are not, no folder is made.
func TestExecuteMistypedFolder(t *testing.T) {
	s, r := begin(t)
	s.in, s.dir = s.in+"-none", filepath.Join(s.dir, "mistyped")
	if err := r.Execute(context.Background(), s.dir, s); ExitCode(err) != ExitNoInput {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

// TestExecuteMissingLater: an input that no stage makes is missed before the
// first stage runs; one that a stage makes is not.
func TestExecuteMissingLater(t *testing.T) {
	s, r := begin(t)
	next := &upper{dir: filepath.Join(s.dir, "next"), in: filepath.Join(s.dir, "out", "text")}
	if err := r.Execute(context.Background(), s.dir, s, next); ExitCode(err) != ExitNoInput || s.ran != 0 {
		t.Errorf("ran %d times: %v", s.ran, err)
	}
	next.in = filepath.Join(s.dir, "out")
	if err := checkInputs([]Stage{s, next}); err != nil {
		t.Error(err)
	}
}

// TestExecutePipe: a pipe is refused, not waited for.
func TestExecutePipe(t *testing.T) {
	s, r := begin(t)
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, s.in = range []string{pipe, folder, os.DevNull} {
		err := r.Execute(context.Background(), s.dir, s)
		if ExitCode(err) != ExitNoInput || s.ran != 0 {
			t.Errorf("%s: exit code %d: %v", s.in, ExitCode(err), err)
		}
	}
}

func TestExecuteBrokenRecord(t *testing.T) {
	for _, text := range []string{"{", "[]", "null", "{}", `{"stages":[null]}`, `{"stages":[{}]}`, `{"stages":[{"name":1}]}`, `{"stages":{}}`} {
		s, r := begin(t)
		path := filepath.Join(s.dir, RecordFile)
		put(t, path, text)
		err := r.Execute(context.Background(), s.dir, s)
		if ExitCode(err) != ExitBadInput || err.Error() != path+": is not a record that cellvi wrote: remove it to do every stage again" {
			t.Errorf("%s: exit code %d: %v", text, ExitCode(err), err)
		}
	}
}

// TestExecuteForeignFile: a file of the user's in an output's folder stays, and
// is found before the work where the plan tells of the folder.
func TestExecuteForeignFile(t *testing.T) {
	for _, told := range []bool{false, true} {
		s, r := begin(t)
		execute(t, r, s)
		mine := filepath.Join(s.dir, "out", "notes.txt")
		put(t, mine, "mine")
		if told {
			s.folders = map[string][]string{filepath.Join(s.dir, "out"): {"text"}}
		}
		err := r.Execute(context.Background(), s.dir, s)
		if ExitCode(err) != ExitCantCreate || (s.ran == 1) != told {
			t.Errorf("told %v: ran %d times, exit code %d: %v", told, s.ran, ExitCode(err), err)
		}
		if _, err := os.Stat(mine); err != nil {
			t.Error(err)
		}
	}
}

// renamed is a stage under another name.
type renamed struct {
	Stage
	name string
}

func (s renamed) Name() string { return s.name }

// TestExecuteStale: what was made of files that have changed since is told of
// and no longer recorded, unless it is made again now.
func TestExecuteStale(t *testing.T) {
	for _, c := range []struct {
		name         string
		again        bool // the second stage is run too
		change       string
		warns, stays bool
	}{
		{"left out", false, "other", true, false},
		{"made again", true, "other", false, true},
		{"as before", false, "WORDS", false, true}, // the same in capitals
	} {
		t.Run(c.name, func(t *testing.T) {
			first, r := begin(t)
			next := renamed{&upper{dir: filepath.Join(first.dir, "next"), in: filepath.Join(first.dir, "out", "text")}, "next"}
			execute(t, r, first)
			if err := r.Execute(context.Background(), first.dir, next); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			r.Log = zerolog.New(&log)
			put(t, first.in, c.change)
			stages := []Stage{first}
			if c.again {
				stages = append(stages, next)
			}
			if err := r.Execute(context.Background(), first.dir, stages...); err != nil {
				t.Fatal(err)
			}
			const warning = "next/out/ is of an earlier run: its inputs have changed since: run cellvi next again, or remove it"
			if strings.Contains(log.String(), warning) != c.warns {
				t.Errorf("it says: %s", log.String())
			}
			run, err := ReadRun(first.dir)
			if err != nil || (run.Stage("next") != nil) != c.stays || run.Stage("upper") == nil {
				t.Errorf("recorded %+v, %v", run, err)
			}
		})
	}
}

// TestExecuteLock: a second run in the folder is refused by the first's pid.
func TestExecuteLock(t *testing.T) {
	s, r := begin(t)
	unlock, err := lock(Lock{s.dir, "--outdir"})
	if err != nil {
		t.Fatal(err)
	}
	err = r.Execute(context.Background(), s.dir, s)
	if ExitCode(err) != ExitCantCreate || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	execute(t, r, s)
}

// TestExecuteFinished: no run works in a folder that was published, or keeps its
// checkpoints there: no stage would take the folder any more.
func TestExecuteFinished(t *testing.T) {
	s, r := begin(t)
	s.locks = []Lock{{published(t), "--checkpoint-dir"}}
	_, seen := r.Preview(context.Background(), s.dir, s)
	for _, err := range []error{seen, r.Execute(context.Background(), s.dir, s)} {
		if ExitCode(err) != ExitCantCreate || !strings.Contains(err.Error(), "finished result") || !strings.Contains(err.Error(), "--checkpoint-dir") {
			t.Errorf("exit code %d: %v", ExitCode(err), err)
		}
	}
	if _, err := newHasher("").verified(context.Background(), []string{s.locks[0].Dir}); err != nil || s.ran != 0 {
		t.Errorf("ran %d times, %v", s.ran, err)
	}
}

// TestExecuteUnwritable: an output that cannot be made, in whatever folder, is told
// before the first stage.
func TestExecuteUnwritable(t *testing.T) {
	s, r := begin(t)
	put(t, filepath.Join(s.dir, "file"), "x")
	late := *s
	late.more = []string{filepath.Join(s.dir, "file", "new", "x.h5ad")}
	_, seen := r.Preview(context.Background(), s.dir, s, &late)
	for _, err := range []error{seen, r.Execute(context.Background(), s.dir, s, &late)} {
		if ExitCode(err) != ExitCantCreate || !strings.Contains(err.Error(), "x.h5ad") {
			t.Errorf("exit code %d: %v", ExitCode(err), err)
		}
	}
	if s.ran != 0 {
		t.Error("a stage ran")
	}
}

// TestExecuteStaleLock: what a kill leaves holds nothing.
func TestExecuteStaleLock(t *testing.T) {
	s, r := begin(t)
	put(t, filepath.Join(s.dir, lockFile), "1\n")
	execute(t, r, s)
}

// TestExecuteLinkedInput: workflow engines link folders into place.
func TestExecuteLinkedInput(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "file"), "x")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	a, err := newHasher("").artifacts(context.Background(), []string{link})
	if err != nil || len(a) != 1 || a[0].Size != 1 {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestAlone(t *testing.T) {
	s, r := begin(t)
	if err := r.Alone(context.Background(), s); err != nil || s.ran != 1 {
		t.Fatal(err, s.ran)
	}
	if _, err := os.Stat(filepath.Join(s.dir, RecordFile)); err == nil {
		t.Error("a record was written")
	}
}

func TestRecordIsJSON(t *testing.T) {
	s, r := begin(t)
	execute(t, r, s)
	text, err := os.ReadFile(filepath.Join(s.dir, RecordFile))
	if err != nil {
		t.Fatal(err)
	}
	var v map[string][]map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"name", "version", "command", "args", "inputs", "outputs", "counts", "warnings", "started", "seconds", "peak_memory"} {
		if _, ok := v["stages"][0][key]; !ok {
			t.Errorf("no %s in %s", key, text)
		}
	}
}
