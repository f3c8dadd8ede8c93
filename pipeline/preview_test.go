package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// after is a stage that reads what upper writes, and tells what it expects.
type after struct {
	upper
	reads string
	told  any // of reads, by the stage before
	err   error
}

func (s *after) Name() string { return "after" }

func (s *after) Plan() Plan {
	return Plan{Inputs: []string{s.reads}, Outputs: []string{filepath.Join(s.dir, "later")}, Args: 1}
}

func (s *after) Run(_ context.Context, _ *Job) error {
	return PublishFile(filepath.Join(s.dir, "later"), func(tmp string) error { return os.WriteFile(tmp, nil, 0o666) })
}

func (s *after) Expect(_ context.Context, _ *Job, ahead Ahead) (*Expectation, error) {
	told, coming := ahead[s.reads]
	s.told = told
	return &Expectation{Memory: 5e6, Seconds: 130, TimeNote: "tried", Work: []string{map[bool]string{true: "from before", false: "from the disk"}[coming]}}, s.err
}

// previewed is a Preview of upper and after, which must touch nothing.
func previewed(t *testing.T, r *Runner, s *upper, a *after) (list []Prospect, err error) {
	t.Helper()
	before := everything(t, filepath.Dir(s.dir))
	list, err = r.Preview(context.Background(), s.dir, s, a)
	if now := everything(t, filepath.Dir(s.dir)); now != before {
		t.Errorf("a preview changed the files:\n%s\nbefore:\n%s", now, before)
	}
	return list, err
}

// everything lists all files with their sizes and times.
func everything(t *testing.T, dir string) string {
	t.Helper()
	var lines strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // the folder itself
			return nil
		}
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			lines.WriteString(path + info.Mode().String() + info.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines.String()
}

func verdicts(list []Prospect) string {
	var texts []string
	for _, x := range list {
		texts = append(texts, x.Stage+" "+x.Verdict+" ("+x.Why+")")
	}
	return strings.Join(texts, "; ")
}

func TestPreview(t *testing.T) {
	s, r := begin(t)
	s.dir = filepath.Join(s.dir, "new", "run") // not there, and not to be made
	s.partial = filepath.Join(s.dir, "none")
	a := &after{upper: upper{dir: s.dir}, reads: filepath.Join(s.dir, "out")}
	list, err := previewed(t, r, s, a)
	if err != nil || verdicts(list) != "upper runs (not done yet); after runs (its inputs are made by upper)" {
		t.Fatalf("%s, %v", verdicts(list), err)
	}
	if in := list[1].Reads[0]; in.MadeBy != "upper" || in.There || list[1].Expect.Work[0] != "from before" {
		t.Errorf("after reads %+v, and expects %+v", in, list[1].Expect)
	}
	if err := r.Execute(context.Background(), s.dir, s, a); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func()
		want   string
	}{
		{"nothing", func() {}, "upper done (); after done ()"},
		{"an option", func() { s.args = map[string]int{"n": 2, "m": 3} },
			"upper runs (it was done with other options: m was not given, is 3, n was 1, is 2); after follows (done before: again only where upper makes something else)"},
		{"force", func() { r.Force = true }, "upper runs (--force); after runs (--force)"},
		{"the version", func() { r.Version = "2" }, "upper runs (it was done by version 1, this is 2); after runs (it was done by version 1, this is 2)"},
		{"the input", func() { put(t, s.in, "other words") }, "upper runs (its inputs have changed); after follows (done before: again only where upper makes something else)"},
		{"an output", func() {
			put(t, s.in, "words")
			if err := os.Remove(filepath.Join(s.dir, "later")); err != nil {
				t.Fatal(err)
			}
		}, "upper done (); after runs (what it wrote has changed, or is gone)"},
	} {
		c.change()
		list, err := previewed(t, r, s, a)
		if err != nil || verdicts(list) != c.want {
			t.Errorf("%s: %s, %v\nwant %s", c.name, verdicts(list), err, c.want)
		}
		s.args, r.Version, r.Force = map[string]int{"n": 1}, "1", false
	}
}

// TestPreviewRefuses: what Execute would refuse at once.
func TestPreviewRefuses(t *testing.T) {
	s, r := begin(t)
	a := &after{upper: upper{dir: s.dir}, reads: filepath.Join(s.dir, "out")}
	refused := func(name string, code int, words string) {
		t.Helper()
		list, err := previewed(t, r, s, a)
		if ExitCode(err) != code || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: exit code %d, %v, after %s", name, ExitCode(err), err, verdicts(list))
		}
	}
	a.err = OverMemory("too much")
	refused("memory", ExitOverMemory, "too much")
	a.err = nil
	good := s.in
	s.in = filepath.Join(s.dir, "missing")
	refused("an input", ExitNoInput, "there is no such file")
	s.in = good
	put(t, filepath.Join(s.dir, "file"), "")
	dir := s.dir
	s.dir = filepath.Join(s.dir, "file", "run")
	a.reads = filepath.Join(s.dir, "out")
	refused("a file as folder", ExitCantCreate, "cannot be made")
	s.dir, a.reads = dir, filepath.Join(dir, "out")
	s.folders = map[string][]string{filepath.Join(s.dir, "out"): {"text"}}
	if err := os.Mkdir(filepath.Join(s.dir, "out"), 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(s.dir, "out", "mine"), "")
	refused("the user's file", ExitCantCreate, "which cellvi did not write")
	s.folders = nil
	put(t, filepath.Join(s.dir, RecordFile), "{")
	refused("run.json", ExitBadInput, "is not a record")
	if err := os.Remove(filepath.Join(s.dir, RecordFile)); err != nil {
		t.Fatal(err)
	}
	held(t, filepath.Join(s.dir, lockFile))
	refused("another run", ExitCantCreate, "(process 17 on here, since 2026-01-02 03:04:05) is at work")
}

// held makes a lock file that is held until the test ends.
func held(t *testing.T, path string) {
	t.Helper()
	put(t, path, "17 2026-01-02 03:04:05 here\n")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

// TestPreviewHoldsFoldersToTheirSums: a damaged folder is refused before its stage runs.
func TestPreviewHoldsFoldersToTheirSums(t *testing.T) {
	s, r := begin(t)
	execute(t, r, s)
	put(t, filepath.Join(s.dir, "out", "text"), "WORDZ")
	a := &after{upper: upper{dir: t.TempDir()}, reads: filepath.Join(s.dir, "out")}
	_, err := r.Preview(context.Background(), a.dir, a)
	if ExitCode(err) != ExitBadInput || !strings.Contains(err.Error(), "is not as cellvi wrote it") {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}

func TestWritePreview(t *testing.T) {
	list := []Prospect{
		{Stage: "one", Verdict: StageDone, Writes: []PreviewPath{{Path: "out/a", Bytes: 1500, There: true}}},
		{Stage: "two", Verdict: StageRuns, Why: "not done yet", Reads: []PreviewPath{{Path: "in", Bytes: 2e9, There: true}, {Path: "out/a", MadeBy: "one"}},
			Writes: []PreviewPath{{Path: "out/b", Bytes: 3, There: true}}, Expect: &Expectation{Work: []string{"first", "second"}, Memory: 2e8, Seconds: 200, TimeNote: "measured"}},
		{Stage: "three", Verdict: StageRuns, Why: "not done yet", Writes: []PreviewPath{{Path: "out/c"}}},
		{Stage: "four", Verdict: StageRuns, Expect: &Expectation{Seconds: 40, AtMost: true, TimeNote: "it ends before"}},
	}
	const want = `one: is done already
  has written  out/a (1.5 kB)
two: will run (not done yet)
  reads        in (2 GB), out/a (from one)
  writes       out/b (3 bytes, in place of what is there)
  does         first
               second
  memory       about 200 MB (--memory allows 1 GB)
  time         about 3 min: measured
three: will run (not done yet)
  writes       out/c
  takes        memory and time are not estimated beforehand: what does not fit --memory is refused before the work begins
four: will run
  memory       not estimated (--memory allows 1 GB)
  time         at most about 40 s: it ends before
in all: about 4 min, without three
`
	var text bytes.Buffer
	if err := WritePreview(&text, list, 1e9, true); err != nil || text.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, text.String(), want)
	}
	text.Reset()
	if one, _, _ := strings.Cut(want, "two:"); WritePreview(&text, list[:1], 1e9, false) != nil || text.String() != one {
		t.Errorf("where an error came next:\n%s", text.String())
	}
	text.Reset()
	var back struct {
		Budget int64 `json:"memory_budget"`
		Stages []Prospect
	}
	err := errors.Join(WritePreviewJSON(&text, list, 1e9), json.Unmarshal(text.Bytes(), &back))
	if err != nil || back.Budget != 1e9 || len(back.Stages) != 4 || !back.Stages[3].Expect.AtMost || back.Stages[1].Expect.Memory != 2e8 || back.Stages[0].Verdict != "done" {
		t.Errorf("%v: %+v", err, back)
	}
}

func TestPreviewNumbers(t *testing.T) {
	for seconds, want := range map[float64]string{0.01: "0.1 s", 0.5: "0.5 s", 0.97: "1 s", 9.7: "10 s", 59: "59 s", 200: "3 min", 7200: "2.0 h"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v seconds: %s, want %s", seconds, got, want)
		}
	}
	for n, want := range map[int64]string{999: "999 bytes", 999_400: "999 kB", 999_700: "1 MB", 999_999_999: "1 GB", 1500: "1.5 kB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
	if got := listed([]string{"a", "b", "c"}, "or") + listed([]string{"a", "b"}, " and") + listed([]string{"a"}, "or"); got != "a, b or ca  and ba" {
		t.Error(got)
	}
}
