package main

import (
	"context"
	"math/rand/v2"
	"slices"
)

// kind is one kind of fault.
type kind struct {
	name   string
	what   string // for the page: the fault, and what must come of it
	points int    // usual number of cases; 0: as many as there are
	cases  func(ctx context.Context, l *lab, n int, r *rand.Rand) ([]trial, error)
}

// trial is one case: try breaks something in p and says what came of it. Its error is a
// loss. An outcome that begins with "-" means that the fault did not come about: it is no
// point.
type trial struct {
	name string
	try  func(ctx context.Context, p *place) (outcome string, err error)
}

// kinds are all faults, in the order of the page.
func kinds() []kind {
	return []kind{
		{"kill", "kill -9 at a system call: no file under a final name is partial, and the same command again gives the same bytes", 208, killCases},
		{"kill-time", "kill -9 at a random time: likewise", 60, killTimeCases},
		{"kill-reader", "kill -9 of the process that reads the input alone: one line, and likewise", 20, killReaderCases},
		{"signal", "SIGTERM or SIGINT at a random time: exit 75 within 10 s, in training with a checkpoint; a second one ends it at once", 50, signalCases},
		{"full", "a write, a new file or folder meets ENOSPC, once or from then on: exit 74 with one line that names the output, earlier outputs untouched", 150, fullCases},
		{"small-disk", "a tmpfs that is too small: likewise", 16, smallDiskCases},
		{"error", "fsync, close, read, rename, mkdir, open meet EIO, EXDEV, EMFILE, EACCES: one line, and exit 73, 74 or 66, or the right answer", 150, errorCases},
		{"talk", "stderr or stdout is full or closed: the run is not disturbed", 0, talkCases},
		{"folder", "folders that cannot be written, things in the way, things that a dead run left", 0, folderCases},
		{"two", "two runs in one folder: the second is refused and says which the first is", 0, twoCases},
		{"flip", "a bit flipped, bytes cut off, added or zeroed in a file that a later stage reads: exit 65, 66 or 74 with one line, or the right answer", 1200, flipCases},
		{"forge", "likewise, with cellvi.sha256 made to fit: no panic, no death", 300, forgeCases},
		{"future", "a store or model of a later version of cellvi: exit 65, naming the version", 0, futureCases},
		{"changed", "a checkpoint of other cells is refused, one of other options passed over", 0, changedCases},
		{"resume", "killed at every checkpoint, and at one after the other: goes on, same bytes", 0, resumeCases},
		{"elsewhere", "killed in one folder, run in another with the same --checkpoint-dir: goes on, same bytes", 0, elsewhereCases},
		{"diverge", "training diverges: exit 76, says where and in which cells; no model is published", 0, divergeCases},
	}
}

func kindNames() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

func findKind(name string) *kind {
	all := kinds()
	if i := slices.IndexFunc(all, func(k kind) bool { return k.name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}
