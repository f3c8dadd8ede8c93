package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"

	"cellvi/pipeline"
	"cellvi/stages"
)

// TestMain lets the test binary be the child that reads HDF5, as cellvi is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "read" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// call runs the program in this process.
func call(args ...string) (code int, stdout, stderr string) {
	var out, talk bytes.Buffer
	code = run(args, &out, &talk)
	return code, out.String(), talk.String()
}

// TestTranscripts: arguments → exit code, stdout, stderr. A want in slashes is a
// regular expression.
func TestTranscripts(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "run.yaml")
	writeText(t, config, "n_latnet: 3\nmax_epochs: many\n")
	file := filepath.Join(dir, "file")
	writeText(t, file, "")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.h5ad"), 0o666); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "notes.txt"), "")
	for _, c := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"--version", 0, "0.1.0\n", ""},
		{"train --version", 0, "0.1.0\n", ""},
		{"", 64, "", `/^cellvi: expected one of "run", .*: see cellvi --help\n$/`},
		{"--help", 0, `/(?s)^Usage: cellvi <command>.*Examples:.*Exit codes:\n  0 done; 64 usage; 65 bad input/`, ""},
		{"run --help", 0, `/(?s)--batch-key=COLUMN.*--n-latent=N .*\(default\s+10\).*--lr=F.*Examples:.*Exit codes:/`, ""},
		{"inspect --help", 0, `/(?s)<file>.*Exit codes:/`, ""},
		{"trian", 64, "", `/^cellvi: unexpected argument trian, did you mean "train"\?: see cellvi --help\n$/`},
		{"run cells.h5ad", 64, "", "cellvi: unexpected argument cells.h5ad: files to read are named by --input: see cellvi run --help\n"},
		{"train --n-latnet 3", 64, "", `/^cellvi: unknown flag --n-latnet, did you mean "--n-latent"\?: see cellvi train --help\n$/`},
		{"train --n-latent many", 64, "", `/^cellvi: --n-latent: .*"many".*\n$/`},
		{"train --n-layers 0 --gene-likelihood zimb", 64, "", "cellvi: --n-layers is 0: it must be 1 to 64; --gene-likelihood is \"zimb\": it must be one of nb, zinb, poisson, normal\n"},
		{"ingest", 64, "", "/^cellvi: .*--input.*\n$/"},
		{"ingest --input x.h5ad --join left", 64, "", "/^cellvi: --join must be one of .*\n$/"},
		{"train --memory lots", 64, "", `/^cellvi: --memory: "lots" is no size of memory: .*\n$/`},
		{"run --config DIR/run.yaml", 64, "", "cellvi: DIR/run.yaml:1: n_latnet: no such name: did you mean n_latent?\ncellvi: DIR/run.yaml:2: max_epochs: needs a whole number, got \"many\"\n"},
		{"run --config DIR/none.yaml", 66, "", "/^cellvi: DIR/none.yaml: there is no such file/"},
		{"run --input DIR/none.h5ad --outdir DIR/out", 66, "", "/^cellvi: DIR/none.h5ad: there is no such file or folder: .*\n$/"},
		{"train --outdir DIR/out", 66, "", "/^cellvi: DIR/out/store: there is no such file or folder: .*run the stage that makes it first\n$/"},
		{"inspect DIR/none.h5ad", 66, "", "/^cellvi: DIR/none.h5ad: there is no such file or folder: .*\n$/"},
		{"inspect DIR/file", 65, "", "/^cellvi: DIR/file: the file is empty: .*\n$/"},
		{"inspect DIR/pipe.h5ad", 66, "", "/^cellvi: DIR/pipe.h5ad: is a pipe or a device: .*\n$/"},
		{"ingest --input DIR/pipe.h5ad --outdir DIR/out", 66, "", "/^cellvi: DIR/pipe.h5ad: is a pipe or a device: .*\n$/"},
		{"train --outdir=", 64, "", "/^cellvi: --outdir is empty: .*\n$/"},
		{"train --threads=-1", 64, "", "cellvi: --threads is -1: it must be 0 to 4096\n"},
		{"prepare --min-counts inf", 64, "", "cellvi: --min-counts is +Inf: it must be a finite number, and not negative\n"},
		{"simulate --output DIR/x.h5ad --gzip 10", 64, "", "cellvi: --gzip is 10: it must be 0 to 9\n"},
		{"simulate --output DIR", 73, "", "/^cellvi: DIR: holds .*, which cellvi did not write: .*\n$/"},
		{"simulate --output DIR/notes.txt", 73, "", "/^cellvi: DIR/notes.txt: is no folder, .*\n$/"},
		{"ingest --input DIR/file --outdir DIR/file/out", 73, "", "/^cellvi: DIR/file/out: cannot be made .*\n$/"},
		{"train --outdir DIR/out --log-format json", 66, "", `/^\{"exit_code":66,"level":"error","message":"DIR/out/store: .*"\}\n$/`},
	} {
		t.Run(c.args, func(t *testing.T) {
			code, stdout, stderr := call(strings.Fields(strings.ReplaceAll(c.args, "DIR", dir))...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			wantText(t, "stdout", strings.ReplaceAll(stdout, dir, "DIR"), c.stdout)
			wantText(t, "stderr", strings.ReplaceAll(stderr, dir, "DIR"), c.stderr)
		})
	}
}

func wantText(t *testing.T, where, got, want string) {
	t.Helper()
	ok := got == want
	if len(want) > 1 && want[0] == '/' && want[len(want)-1] == '/' {
		ok = regexp.MustCompile(want[1 : len(want)-1]).MatchString(got)
	}
	if !ok {
		t.Errorf("%s:\n%s\nwant:\n%s", where, got, want)
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestDefaults: kong's defaults are those of the stages' Default functions.
func TestDefaults(t *testing.T) {
	var c cli
	parser, err := kong.New(&c, kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"run", "--input", "x.h5ad"}); err != nil {
		t.Fatal(err)
	}
	ingest := stages.DefaultIngestOptions()
	ingest.Input = []string{"x.h5ad"}
	same(t, c.Run.Ingest, ingest)
	same(t, c.Run.Prepare, stages.DefaultPrepareOptions())
	same(t, c.Run.Train, stages.DefaultTrainOptions())
	same(t, c.Run.Shared, stages.DefaultShared())
	same(t, c.Run.Reconstruct, stages.DefaultReconstructOptions())
	same(t, c.Run.Report, stages.DefaultReportOptions())
	if _, err := parser.Parse([]string{"query", "model", "x.h5ad"}); err != nil {
		t.Fatal(err)
	}
	same(t, c.Query.Options, stages.DefaultQueryOptions())
	same(t, c.Query.Reading, stages.DefaultReadOptions())
	if _, err := parser.Parse([]string{"simulate", "--output", "x.h5ad"}); err != nil {
		t.Fatal(err)
	}
	simulate := stages.DefaultSimulateOptions()
	simulate.Output = "x.h5ad"
	same(t, c.Simulate.Options, simulate)
}

// TestModelFlags: flags that are on can be turned off, lists are repeated or separated by
// commas, and a file says the same.
func TestModelFlags(t *testing.T) {
	var flags, file cli
	config := filepath.Join(t.TempDir(), "run.yaml")
	writeText(t, config, "input: x.h5ad\ncategorical_covariate_keys: [a, b, c]\ncontinuous_covariate_keys: u\n"+
		"use_observed_lib_size: false\ndeeply_inject_covariates: false\nlog_variational: false\nshuffle_set_split: false\nencode_covariates: true\n")
	for to, args := range map[*cli][]string{
		&flags: {"--input", "x.h5ad", "--categorical-covariate-keys", "a,b", "--categorical-covariate-keys", "c", "--continuous-covariate-keys", "u",
			"--no-use-observed-lib-size", "--no-deeply-inject-covariates", "--no-log-variational", "--no-shuffle-set-split", "--encode-covariates"},
		&file: {"--config", config},
	} {
		parser, err := kong.New(to, kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(append([]string{"run"}, args...)); err != nil {
			t.Fatal(err)
		}
	}
	prepare, train, no := stages.DefaultPrepareOptions(), stages.DefaultTrainOptions(), false
	prepare.CategoricalCovariateKeys, prepare.ContinuousCovariateKeys, prepare.ShuffleSetSplit = []string{"a", "b", "c"}, []string{"u"}, false
	train.UseObservedLibSize, train.DeeplyInjectCovariates, train.LogVariational, train.EncodeCovariates = &no, false, false, true
	for _, c := range []*cli{&flags, &file} {
		same(t, c.Run.Prepare, prepare)
		same(t, c.Run.Train, train)
	}
	if keys := flags.Run.keys(); strings.Join(keys, " ") != "a b c u" {
		t.Errorf("ingest looks for %v", keys)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	g, err1 := json.Marshal(got)
	w, err2 := json.Marshal(want)
	if err1 != nil || err2 != nil || string(g) != string(w) {
		t.Errorf("%T: kong has\n%s\nDefault has\n%s", got, g, w)
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]int64{
		"4GB": 4e9, "4g": 4e9, "1.5 GiB": 3 << 29, "512MB": 512e6, "2MiB": 2 << 20, "3000000": 3e6, "1TB": 1e12, "4000K": 4e6,
		"": 0, "lots": 0, "-1GB": 0, "10": 0, "GB": 0, "NaN": 0, "1e30GB": 0, "InfGB": 0,
	} {
		var b byteSize
		err := b.UnmarshalText([]byte(text))
		if int64(b) != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v", text, b, err)
		}
	}
}

// TestPanic: a bug is one line and 70; where asked for, the stack comes too.
func TestPanic(t *testing.T) {
	for debug, lines := range map[string]bool{"": false, "1": true} {
		t.Setenv("CELLVI_DEBUG", debug)
		var talk bytes.Buffer
		a := &app{ctx: t.Context(), stdout: io.Discard, stderr: &talk}
		code := a.exit(pipeline.Guard(func() error { panic("a test") }))
		if code != pipeline.ExitBug || (strings.Count(talk.String(), "\n") > 1) != lines || !strings.Contains(talk.String(), "cellvi: this is a bug in cellvi: a test: please report it") {
			t.Errorf("debug %q: exit code %d:\n%s", debug, code, talk.String())
		}
	}
}

// errorLines counts the lines that are neither information nor a warning.
func errorLines(talk string) (n int) {
	for line := range strings.Lines(talk) {
		if !strings.Contains(line, " INF ") && !strings.Contains(line, " WRN ") {
			n++
		}
	}
	return n
}

// TestAddressSpace: too small a limit (ulimit -v) is refused at once, before anything
// that would hang in it.
func TestAddressSpace(t *testing.T) {
	input := simulated(t)
	out := filepath.Join(t.TempDir(), "out")
	run := func(limit string) (int, string) {
		c := command(t)
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", "ulimit -v " + limit + ` && exec "$0" "$@"`, c.Path, "run", "--input", input, "--outdir", out,
			"--threads", "2", "--max-epochs", "1"}
		var talk bytes.Buffer
		c.Stderr = &talk
		_ = c.Run()
		return c.ProcessState.ExitCode(), talk.String()
	}
	if code, talk := run("2000000"); code != pipeline.ExitOverMemory || errorLines(talk) != 1 || !strings.Contains(talk, "ulimit -v") {
		t.Errorf("exit code %d: %s", code, talk)
	}
	if code, talk := run("3330000"); code != pipeline.ExitDone { // kB: just enough
		t.Errorf("exit code %d: %s", code, talk)
	}
}

// TestDiskFull: a limit on file sizes stands for a full disk. What was there
// stays, and the run goes on once there is room.
func TestDiskFull(t *testing.T) {
	input := simulated(t)
	out := filepath.Join(t.TempDir(), "out")
	c := command(t, "ingest", "--input", input, "--outdir", out)
	c.Path, c.Args = "/bin/sh", []string{"sh", "-c", `ulimit -f 16 && exec "$0" "$@"`, c.Path, "ingest", "--input", input, "--outdir", out}
	var talk bytes.Buffer
	c.Stderr = &talk
	_ = c.Run()
	if code := c.ProcessState.ExitCode(); code != pipeline.ExitIO || errorLines(talk.String()) != 1 || !strings.Contains(talk.String(), out+"/store") {
		t.Fatalf("exit code %d: %s", code, talk.String())
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	cellvi(t, 0, "ingest", "--input", input, "--outdir", out)
}

// TestFullTmpfs fills a real file system, where the test may mount one.
func TestFullTmpfs(t *testing.T) {
	input, dir := simulated(t), t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mounting a small tmpfs: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	talk := cellvi(t, pipeline.ExitIO, "ingest", "--input", input, "--outdir", filepath.Join(dir, "out"))
	if !strings.Contains(talk, "the disk is full") || errorLines(talk) != 1 {
		t.Errorf("it says: %s", talk)
	}
}

// TestInterrupted: a signal in the middle of the work is exit 75.
func TestInterrupted(t *testing.T) {
	input := simulated(t)
	out := filepath.Join(t.TempDir(), "out")
	c := command(t, runArgs(input, out, "1", "100000")...)
	talk, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 0, 1<<16)
	for !bytes.Contains(said, []byte("epoch")) {
		n, err := talk.Read(said[len(said):cap(said)])
		if err != nil {
			t.Fatalf("%v after: %s", err, said)
		}
		said = said[:len(said)+n]
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(talk)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != pipeline.ExitInterrupted {
		t.Errorf("exit code %d: %s%s", code, said, rest)
	}
}

// TestConfigRun: a run from a YAML file is the same as from flags.
func TestConfigRun(t *testing.T) {
	input, dir := simulated(t), t.TempDir()
	flags, file := filepath.Join(dir, "flags"), filepath.Join(dir, "file")
	config := filepath.Join(dir, "run.yaml")
	writeText(t, config, "input: "+input+"\nbatch_key: batch\nlabels_key: label\nmax_epochs: 2\nn-top-genes: 100\noutdir: "+file+"\n")
	cellvi(t, 0, "run", "--input", input, "--outdir", flags, "--batch-key", "batch", "--labels-key", "label", "--max-epochs", "2", "--n-top-genes", "100")
	cellvi(t, 0, "run", "--config", config)
	sameResults(t, "from YAML", sums(t, file), sums(t, flags))
}
