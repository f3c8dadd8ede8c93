package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// plant makes a folder of these files, and gives its content.
func plant(t *testing.T, files map[string]string) (string, content) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	c, err := contentOf(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, c
}

// tensors is a safetensors file of one tensor.
func tensors() string {
	header := `{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	return string([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}) + header + "12345678"
}

func run() map[string]string {
	return map[string]string{"store/cells.arrow": "cells", "store/genes.arrow": "genes", "latent.parquet": "latent",
		"run.json": `{"stages":[]}`, "report.html": "<html>\n</html>\n", checkpointFile: tensors()}
}

// TestStanding: whatever is partial, mixed or gone after a fault is noticed.
func TestStanding(t *testing.T) {
	before := run()
	before["latent.parquet"], before["store/cells.arrow"], before["store/genes.arrow"] = "old latent", "old cells", "old genes"
	_, ours := plant(t, run())
	_, olds := plant(t, before)
	for name, c := range map[string]struct {
		change func(files map[string]string)
		want   string
	}{
		"whole":                     {func(map[string]string) {}, ""},
		"the old latent":            {func(f map[string]string) { f["latent.parquet"] = "old latent" }, ""},
		"what is being made":        {func(f map[string]string) { f[".latent.parquet.cellvi-part"] = "lat" }, ""},
		"a partial file":            {func(f map[string]string) { f["latent.parquet"] = "lat" }, "latent.parquet is neither"},
		"an empty file":             {func(f map[string]string) { f["latent.parquet"] = "" }, "latent.parquet is neither"},
		"an output gone":            {func(f map[string]string) { delete(f, "latent.parquet") }, "latent.parquet of the earlier run is gone"},
		"a folder with a file less": {func(f map[string]string) { delete(f, "store/genes.arrow") }, "store is neither"},
		"a folder with one more":    {func(f map[string]string) { f["store/x"] = "x" }, "store is neither"},
		"a folder of two runs":      {func(f map[string]string) { f["store/genes.arrow"] = "old genes" }, "store is neither"},
		"half a record":             {func(f map[string]string) { f["run.json"] = `{"stages":[` }, "run.json is partial"},
		"half a report":             {func(f map[string]string) { f["report.html"] = "<html>" }, "report.html is partial"},
		"half a checkpoint":         {func(f map[string]string) { f[checkpointFile] = tensors()[:60] }, checkpointFile + " is partial"},
		"half a header":             {func(f map[string]string) { f[checkpointFile] = tensors()[:20] }, checkpointFile + " is partial"},
		"an empty checkpoint":       {func(f map[string]string) { f[checkpointFile] = "" }, checkpointFile + " is partial"},
		"what nobody writes":        {func(f map[string]string) { f["x"] = "x" }, "x is neither"},
	} {
		files := run()
		c.change(files)
		dir, _ := plant(t, files)
		err := standing(dir, olds, ours)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestDiffer(t *testing.T) {
	_, want := plant(t, run())
	for name, c := range map[string]struct {
		change func(files map[string]string)
		want   string
	}{
		"same":         {func(map[string]string) {}, ""},
		"other times":  {func(f map[string]string) { f["run.json"] = "{}" }, ""},
		"other bytes":  {func(f map[string]string) { f["latent.parquet"] = "laten\x75" }, "latent.parquet has other bytes"},
		"missing":      {func(f map[string]string) { delete(f, "report.html") }, "report.html is missing"},
		"left over":    {func(f map[string]string) { f[".x.cellvi-part/y"] = "" }, ".x.cellvi-part is left over, .x.cellvi-part/y is left over"},
		"in a folder":  {func(f map[string]string) { f["store/genes.arrow"] = "" }, "store/genes.arrow has other bytes"},
		"folder, file": {func(f map[string]string) { delete(f, "store/cells.arrow"); f["store/cells.arrow/x"] = "" }, "store/cells.arrow has other bytes"},
	} {
		files := run()
		c.change(files)
		_, got := plant(t, files)
		if d := want.differ(got); (d == "") != (c.want == "") || !strings.Contains(d, c.want) {
			t.Errorf("%s: %q, want %q", name, d, c.want)
		}
	}
}

func TestEventOf(t *testing.T) {
	for line, want := range map[string]string{
		`12  write(9</o/.latent.parquet.cellvi-part>, ""..., 14532) = 14532`: "write .latent.parquet.cellvi-part",
		`12  fsync(8</o>) = 0`: "fsync ",
		`7 renameat(AT_FDCWD</w>, "/o/.store.cellvi-part", AT_FDCWD</w>, "/o/store") = 0`:   "renameat .store.cellvi-part",
		`7 openat(AT_FDCWD</w>, "/o/store/", O_RDONLY|O_CLOEXEC|O_DIRECTORY) = 8</o/store>`: "openat store",
		`7 unlinkat(8</o/.store.cellvi-part (deleted)>, "narrow", 0) = 0`:                   "unlinkat .store.cellvi-part",
		`7 pread64(5</data/cells.h5ad>, ""..., 8, 0) = 8`:                                   "pread64 /data/cells.h5ad",
		`7 write(2<pipe:[123]>, ""..., 8) = 8`:                                              "",
		`7 <... renameat resumed>) = 0`:                                                     "",
		`7 +++ exited with 0 +++`:                                                           "",
		`7 openat(AT_FDCWD</w>, "/other/file", O_RDONLY) = 8</other/file>`:                  "openat /other/file",
	} {
		call, path, ok := eventOf(line, "/o")
		if got := call + " " + path; ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestSpread: as many different points as asked, none beyond its event, of every event one.
func TestSpread(t *testing.T) {
	events := []event{{"write", "a", 1}, {"write", "b", 50}, {"fsync", "a", 2}, {"renameat", "a", 1}}
	for _, n := range []int{2, 4, 5, 20, 54, 100} {
		points := spread(events, n, rand.New(rand.NewPCG(1, 1)))
		if len(points) != min(n, 54) {
			t.Errorf("%d points of %d", len(points), n)
		}
		met := map[string]bool{}
		for i, p := range points {
			if p.at < 1 || p.at > p.times || slices.Contains(points[:i], p) {
				t.Errorf("n %d: %v", n, p)
			}
			met[p.call+p.path] = true
		}
		if len(met) != min(n, 4) {
			t.Errorf("n %d: %d of 4 events", n, len(met))
		}
		if again := spread(events, n, rand.New(rand.NewPCG(1, 1))); !slices.Equal(points, again) {
			t.Errorf("n %d: other points with the same seed", n)
		}
	}
}

// TestDamages: all kinds occur, each changes something, and the bytes given stay.
func TestDamages(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 700)
	before := bytes.Clone(data)
	kinds := map[string]int{}
	for _, d := range damages(100, rand.New(rand.NewPCG(1, 1))) {
		bad, how := d.to(data)
		if bytes.Equal(bad, data) {
			t.Errorf("%s changes nothing", how)
		}
		kinds[d.how]++
	}
	if !bytes.Equal(data, before) {
		t.Error("the bytes given were changed")
	}
	if kinds["flip"] != 70 || kinds["cut"] != 10 || kinds["add"] != 10 || kinds["zero"] != 10 {
		t.Errorf("%v", kinds)
	}
	for _, d := range damages(20, rand.New(rand.NewPCG(1, 1))) {
		d.to([]byte{1}) // it must not fall off the ends
	}
}

func TestRefused(t *testing.T) {
	line := "cellvi: x: is damaged: make it again\n"
	for name, c := range map[string]struct {
		e    ended
		want string
	}{
		"refused":    {ended{code: 65, stderr: line}, ""},
		"other code": {ended{code: 64, stderr: line}, "wanted exit code [65 74]"},
		"done":       {ended{}, "wanted exit code [65 74]"},
		"silent":     {ended{code: 65}, "0 lines"},
		"two lines":  {ended{code: 65, stderr: line + line}, "2 lines"},
		"no end":     {ended{code: 65, stderr: "cellvi: x"}, "0 lines"},
		"a panic":    {ended{code: 2, stderr: "panic: x\n\ngoroutine 1 [running]"}, "panic"},
		"a bug":      {ended{code: 70, stderr: "cellvi: this is a bug in cellvi: x\n"}, "a bug"},
		"hidden bug": {ended{code: 65, stderr: "cellvi: this is a bug in cellvi: x\n"}, "a bug"},
		"a signal":   {ended{code: -1, signal: syscall.SIGSEGV}, "segmentation fault"},
		"late":       {ended{code: -1, signal: syscall.SIGKILL, late: true}, "no end after"},
	} {
		err := c.e.refused(65, 74)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSums(t *testing.T) {
	dir, _ := plant(t, map[string]string{"a": "1", "b": "2"})
	sums := strings.Repeat("0", 64) + "  a\n" + strings.Repeat("0", 64) + "  b\n"
	if err := os.WriteFile(filepath.Join(dir, sumsFile), []byte(sums), 0o666); err != nil {
		t.Fatal(err)
	}
	if checkSums(dir) == nil {
		t.Error("wrong sums were taken")
	}
	if err := resum(dir); err != nil {
		t.Fatal(err)
	}
	if err := checkSums(dir); err != nil {
		t.Error(err)
	}
	if out, err := exec.Command("sh", "-c", "cd "+dir+" && sha256sum -c --strict "+sumsFile).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "c"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if checkSums(dir) == nil {
		t.Error("a file that is not listed was taken")
	}
}

// TestShortRun tries a few cases of the real command, as `make test-faults` does many; and
// a program that publishes half a file is found out.
func TestShortRun(t *testing.T) {
	if out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace is not installed, or may not be used here: %v %s", err, out)
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "cellvi")
	if out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", bin, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	o := &options{bin: bin, kinds: []string{"kill", "full", "future"}, scale: 0.02, seed: 1, workers: 2,
		keep: filepath.Join(dir, "keep"), results: filepath.Join(dir, "page.md")}
	var talk bytes.Buffer
	l, err := newLab(context.Background(), o, &talk)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	r := &results{options: o, lab: l}
	if err := r.tryAll(context.Background(), &talk); err != nil || r.lost() > 0 {
		t.Errorf("%v, %d lost\n%s", err, r.lost(), talk.String())
	}
	if err := r.publish(); err != nil {
		t.Error(err)
	}
	page, err := os.ReadFile(o.results)
	if err != nil || !strings.Contains(string(page), "**0 cases lost something.**") || !strings.Contains(string(page), "| kill |") {
		t.Errorf("%v\n%s", err, page)
	}
	t.Run("half a file", func(t *testing.T) { halfFile(t, l, dir) })
}

// halfFile has a case run a program that leaves half of latent.parquet and dies.
func halfFile(t *testing.T, l *lab, dir string) {
	script := fmt.Sprintf("#!/bin/sh\n%s \"$@\" || exit\nhead -c 100 %s/half/out/latent.parquet >%s/cut && mv %s/cut %s/half/out/latent.parquet\nkill -9 $$\n",
		l.bin, l.scratch, dir, dir, l.scratch)
	liar := filepath.Join(dir, "liar")
	if err := os.WriteFile(liar, []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	p, err := newPlace(l, "half")
	if err != nil {
		t.Fatal(err)
	}
	if e, err := p.run(context.Background(), call{argv: append([]string{liar}, p.runArgs(p.out)...)}); err != nil || e.signal != syscall.SIGKILL {
		t.Fatalf("%v, %s", err, e.how())
	}
	if err := p.survived(context.Background(), false); err == nil || !strings.Contains(err.Error(), "latent.parquet is neither") {
		t.Errorf("half a file under its final name: %v", err)
	}
}
