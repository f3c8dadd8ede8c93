package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once and gives its path.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cellvi-e2e")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cellvi")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(path, args...)
}

// cellvi runs the program and fails the test unless it exits with want.
func cellvi(t *testing.T, want int, args ...string) (stderr string) {
	t.Helper()
	c := command(t, args...)
	var log bytes.Buffer
	c.Stderr = &log
	_ = c.Run()
	if got := c.ProcessState.ExitCode(); got != want {
		t.Fatalf("cellvi %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, want, log.String())
	}
	return log.String()
}

// simulated is a small h5ad drawn from the model (a cells store where there is no cgo).
func simulated(t *testing.T) string {
	path := filepath.Join(t.TempDir(), simulatedName)
	cellvi(t, 0, "simulate", "--output", path, "--cells", "500", "--genes", "300", "--seed", "3")
	return path
}

// sums gives the SHA-256 of every result that must be the same: all Parquet,
// the model and the store.
func sums(t *testing.T, dir string) map[string]string {
	m := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch filepath.Ext(path) {
		case ".parquet", ".safetensors", ".arrow":
			text, err := os.ReadFile(path)
			name, _ := filepath.Rel(dir, path)
			m[name] = fmt.Sprintf("%x", sha256.Sum256(text))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(m) < 8 {
		t.Fatalf("only %d results in %s: %v", len(m), dir, m)
	}
	return m
}

func sameResults(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, sum := range want {
		if got[name] != sum {
			t.Errorf("%s: %s has other bytes", what, name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d results, want %d", what, len(got), len(want))
	}
}

// options of every run in these tests: selection, filters, early epochs.
func trainArgs(epochs string) []string {
	return []string{"--max-epochs", epochs, "--seed", "5", "--checkpoint-every", "0"}
}

func prepareArgs() []string {
	return []string{"--batch-key", "batch", "--labels-key", "label", "--n-top-genes", "200", "--min-counts", "700"}
}

func runArgs(input, outdir, threads, epochs string) []string {
	args := append([]string{"run", "--input", input, "--outdir", outdir, "--threads", threads}, prepareArgs()...)
	return append(args, trainArgs(epochs)...)
}

// TestSameBytes: the same arguments give the same bytes with any number of
// threads, stage by stage, and after kill -9 or SIGTERM in the middle of training.
func TestSameBytes(t *testing.T) {
	input, root := simulated(t), t.TempDir()
	dir := func(name string) string { return filepath.Join(root, name) }
	cellvi(t, 0, runArgs(input, dir("one"), "1", "12")...)
	want := sums(t, dir("one"))

	for _, threads := range []string{"2", "4"} {
		t.Run(threads+" threads", func(t *testing.T) {
			cellvi(t, 0, runArgs(input, dir(threads), threads, "12")...)
			sameResults(t, threads+" threads", sums(t, dir(threads)), want)
		})
	}
	t.Run("stage by stage", func(t *testing.T) {
		stageByStage(t, input, dir("stages"))
		sameResults(t, "stage by stage", sums(t, dir("stages")), want)
	})
	t.Run("again", func(t *testing.T) {
		log := cellvi(t, 0, runArgs(input, dir("one"), "2", "12")...)
		if !strings.Contains(log, "already done") {
			t.Errorf("a second run did its work again:\n%s", log)
		}
		sameResults(t, "again", sums(t, dir("one")), want)
	})
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			at := dir(sig.String())
			interrupt(t, runArgs(input, at, "2", "12"), filepath.Join(at, "checkpoint.safetensors"), 0, sig)
			log := cellvi(t, 0, runArgs(input, at, "1", "12")...)
			if !strings.Contains(log, "going on from") {
				t.Errorf("the second run did not take up the checkpoint:\n%s", log)
			}
			sameResults(t, "after "+sig.String(), sums(t, at), want)
			if _, err := os.Stat(filepath.Join(at, "checkpoint.safetensors")); err == nil {
				t.Error("the checkpoint was left after training ended")
			}
		})
	}
}

// stageByStage runs every stage as a command of its own.
func stageByStage(t *testing.T, input, dir string) {
	out := []string{"--outdir", dir}
	cellvi(t, 0, append([]string{"ingest", "--input", input}, out...)...)
	cellvi(t, 0, append(append([]string{"prepare", "--seed", "5"}, out...), prepareArgs()...)...)
	cellvi(t, 0, append(append([]string{"train", "--threads", "2"}, out...), trainArgs("12")...)...)
	for _, stage := range []string{"embed", "reconstruct", "report"} {
		cellvi(t, 0, append([]string{stage}, out...)...)
	}
}

// interrupt starts cellvi and sends sig when file has existed for a while: training has
// begun and, checkpoints being saved at every step, has far to go.
func interrupt(t *testing.T, args []string, file string, after time.Duration, sig syscall.Signal) {
	t.Helper()
	c := command(t, args...)
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			break
		}
		if time.Now().After(deadline) {
			_ = c.Process.Kill()
			t.Fatalf("no %s after a minute:\n%s", file, log.String())
		}
	}
	time.Sleep(after)
	if err := c.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if sig == syscall.SIGTERM && c.ProcessState.ExitCode() != 75 {
		t.Errorf("SIGTERM: exit code %d, want 75\n%s", c.ProcessState.ExitCode(), log.String())
	}
}

// TestTrainingGoesWrong: each way out has its exit code and leaves no model.
func TestTrainingGoesWrong(t *testing.T) {
	input := simulated(t)
	noModel := func(t *testing.T, dir string) {
		if _, err := os.Stat(filepath.Join(dir, "model")); err == nil {
			t.Error("a model was published")
		}
	}
	t.Run("diverged in its last step", func(t *testing.T) {
		dir := t.TempDir()
		log := cellvi(t, 76, append(runArgs(input, dir, "2", "1"), "--lr", "1e30", "--batch-size", "512")...)
		if !strings.Contains(log, "not finite") && !strings.Contains(log, "NaN") {
			t.Errorf("the message does not say what is not finite:\n%s", log)
		}
		noModel(t, dir)
	})
	t.Run("over the memory budget", func(t *testing.T) {
		dir := t.TempDir()
		cellvi(t, 137, append(runArgs(input, dir, "2", "1"), "--memory", "20MB")...)
		noModel(t, dir)
	})
	t.Run("a checkpoint of more epochs", func(t *testing.T) {
		long, fresh := t.TempDir(), t.TempDir()
		checkpoint := filepath.Join(long, "checkpoint.safetensors")
		interrupt(t, runArgs(input, long, "2", "400"), checkpoint, 500*time.Millisecond, syscall.SIGKILL)
		cellvi(t, 0, runArgs(input, long, "2", "1")...)
		cellvi(t, 0, runArgs(input, fresh, "2", "1")...)
		sameResults(t, "after a longer training was killed", sums(t, long), sums(t, fresh))
	})
}
