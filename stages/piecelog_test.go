package stages

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/pipeline"
)

// logged computes cells' numbers with a log, until stop pieces are done, and gives how
// many cells it computed.
func logged(t *testing.T, path, options string, groups []bounds, piece, stop int) (values [][]float32, computed int, job *pipeline.Job) {
	t.Helper()
	job = pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, 0)
	log, err := openPieceLog(job, path, pieceLogKey{Stage: "test", Options: options, Width: 3})
	check(t, err)
	defer func() { check(t, log.close()) }()
	killed := errors.New("killed")
	work := cellNumbers{log: log, width: 3, piece: piece, progress: job.Progress, compute: func(rows []int32, into []float32) error {
		if stop--; stop == -1 {
			return killed
		}
		computed += len(rows)
		for i, r := range rows {
			for k := range 3 {
				into[3*i+k] = float32(int(r)*10 + k)
			}
		}
		return nil
	}}
	for _, g := range groups {
		v := make([]float32, 3*(g.to-g.from))
		if err := work.fill(span(g.from, g.to), v); errors.Is(err, killed) {
			return values, computed, job
		}
		check(t, err)
		values = append(values, v)
	}
	return values, computed, job
}

// TestPieceLogGoesOn: after a kill at any piece, with any damage to the file's end, the
// numbers are those of a run that was not stopped, and only what is missing is computed.
func TestPieceLogGoesOn(t *testing.T) {
	groups := []bounds{{0, 10}, {10, 11}, {11, 40}}
	want, all, _ := logged(t, filepath.Join(t.TempDir(), "log"), "a", groups, 7, 99)
	if all != 40 {
		t.Fatalf("%d of 40 cells", all)
	}
	for stop := range 9 {
		for _, damage := range []int{0, 1, 40, 97} { // bytes off the end
			path := filepath.Join(t.TempDir(), "log")
			_, before, _ := logged(t, path, "a", groups, 7, stop)
			if info, err := os.Stat(path); err == nil {
				check(t, os.Truncate(path, max(0, info.Size()-int64(damage))))
			}
			got, rest, job := logged(t, path, "a", groups, 5, 99)
			if !slices.EqualFunc(got, want, slices.Equal[[]float32]) {
				t.Fatalf("stopped after %d pieces, %d bytes lost: other numbers", stop, damage)
			}
			if damage == 0 && before+rest != 40 || before+rest > 40+2*7 {
				t.Errorf("stopped after %d pieces, %d bytes lost: %d and %d cells computed", stop, damage, before, rest)
			}
			if len(job.Warnings()) > 0 {
				t.Error(job.Warnings())
			}
		}
	}
}

// TestPieceLogDamage: a flipped bit in a piece, or in its length, is found, and the work done
// again from there.
func TestPieceLogDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	groups := []bounds{{0, 30}}
	want, _, _ := logged(t, path, "a", groups, 10, 99)
	whole, err := os.ReadFile(path)
	check(t, err)
	for _, at := range []int{len(whole) - 1, len(whole) - 100, len(whole) - 160, len(whole) - 300, len(whole) - 320, len(whole) - 313} {
		text := slices.Clone(whole)
		text[at] ^= 4
		check(t, os.WriteFile(path, text, 0o666))
		got, computed, _ := logged(t, path, "a", groups, 10, 99)
		if !slices.EqualFunc(got, want, slices.Equal[[]float32]) || computed == 0 {
			t.Errorf("byte %d: %d cells computed again", at, computed)
		}
	}
}

// TestPieceLogOfOthers: a log of other options is told, not used, and stays until the first
// piece is done.
func TestPieceLogOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	groups := []bounds{{0, 30}}
	logged(t, path, "a", groups, 10, 2)
	old, err := os.ReadFile(path)
	check(t, err)
	_, _, job := logged(t, path, "b", groups, 10, 0)
	if now, err := os.ReadFile(path); err != nil || !slices.Equal(now, old) || len(job.Warnings()) != 1 {
		t.Errorf("the log is not what it was (%v); warnings %q", err, job.Warnings())
	}
	if _, computed, _ := logged(t, path, "b", groups, 10, 99); computed != 30 {
		t.Errorf("%d cells computed", computed)
	}
	if _, computed, job := logged(t, path, "b", groups, 10, 99); computed != 0 || len(job.Warnings()) > 0 {
		t.Errorf("%d cells computed again; %q", computed, job.Warnings())
	}
}

// TestPieceLogNoFile: a folder where the log would be is refused before any work.
func TestPieceLogNoFile(t *testing.T) {
	path := t.TempDir()
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, 0)
	if _, err := openPieceLog(job, path, pieceLogKey{Stage: "test"}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a folder is taken for a log: %v", err)
	}
}

// TestPieceLogCannotWrite: a disk that fails the log is told with the file and what to do.
func TestPieceLogCannotWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer func() { check(t, full.Close()) }()
	log := &pieceLog{path: path, out: full}
	err = log.add(func(piece []byte) []byte { return append(piece, 1) })
	if pipeline.ExitCode(err) != pipeline.ExitIO || !strings.HasPrefix(fmt.Sprint(err), path+": the disk is full") {
		t.Error(err)
	}
}
