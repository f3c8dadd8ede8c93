package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// fullCases let system calls meet a full disk: one alone, or all from there on.
func fullCases(_ context.Context, l *lab, n int, r *rand.Rand) ([]trial, error) {
	var all []trial
	for i, pt := range spreadBoth(l, n, r, takesSpace) {
		onward := i%2 == 1
		name := pt.String()
		if onward {
			name += ", and all after it"
		}
		all = append(all, trial{overName(name, pt.over), func(ctx context.Context, p *place) (string, error) {
			e, hit, err := p.inject(ctx, pt.point, "error=ENOSPC", onward, pt.over)
			if err != nil || !hit {
				return missed, err
			}
			return p.refusedBy(ctx, e, pt.point, pt.over, 74)
		}})
	}
	return all, nil
}

// overPoint is a point of a run into an empty folder, or over an earlier run's.
type overPoint struct {
	point
	over bool
}

// spreadBoth chooses points of both runs among the outputs' events that are wanted.
func spreadBoth(l *lab, n int, r *rand.Rand, wanted func(event) bool) []overPoint {
	var all []overPoint
	for _, over := range []bool{false, true} {
		var events []event
		for _, e := range onlyOutputs(l.events(over)) {
			if wanted(e) {
				events = append(events, e)
			}
		}
		for _, pt := range spread(events, (n+1)/2, r) {
			all = append(all, overPoint{pt, over})
		}
	}
	return all
}

// takesSpace tells the calls that need room on the disk. What is opened under a hidden name
// is made first.
func takesSpace(e event) bool {
	switch e.call {
	case "write", "pwrite64", "writev", "ftruncate", "fallocate", "copy_file_range", "mkdir", "mkdirat", "fsync", "fdatasync":
		return true
	case "openat":
		return isHidden(e.path) && !strings.Contains(e.path, "/") && e.times == 2
	}
	return false
}

// refusedBy checks a run that met a fault at a point: one line that names the output, earlier
// outputs whole, nothing half-written or left, and the same bytes without the fault.
func (p *place) refusedBy(ctx context.Context, e *ended, pt point, over bool, codes ...int) (string, error) {
	before := content{}
	if over {
		before = p.old
	}
	err := errors.Join(e.refused(codes...), e.says(p.outputOf(pt.path)), standing(p.out, before, p.whole), leftovers(p.out))
	if err == nil && strings.Contains(e.stderr, ".cellvi-part") {
		err = fmt.Errorf("names a temporary: %s", e.how())
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("refused, %d, then the same bytes", e.code), p.again(ctx)
}

// outputOf is the output that a path in the run's folder is part of, as a user knows it.
func (p *place) outputOf(path string) string {
	name := unit(path)
	if isHidden(name) {
		var made bool
		if name, made = strings.CutSuffix(strings.TrimPrefix(name, "."), ".cellvi-part"); !made {
			name = "" // the lock
		}
	}
	return filepath.Join(p.out, name)
}

// smallDiskCases run on real disks that are too small.
func smallDiskCases(_ context.Context, l *lab, n int, _ *rand.Rand) ([]trial, error) {
	need, err := pagesOf(l.folder("whole"))
	if err != nil {
		return nil, err
	}
	var all []trial
	for i := range n {
		over := i%2 == 1
		size := 8192 + need*int64(i)*7/int64(10*n) // the largest would do
		if over {
			size += need
		}
		all = append(all, trial{overName(fmt.Sprintf("%d kB", size>>10), over), func(ctx context.Context, p *place) (string, error) {
			return smallDisk(ctx, p, size, over)
		}})
	}
	return all, nil
}

// pagesOf is what a folder takes on a tmpfs.
func pagesOf(dir string) (bytes int64, err error) {
	const page = 4096
	return bytes, filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			bytes += (info.Size() + page - 1) / page * page
		}
		return err
	})
}

// smallDisk runs on a tmpfs of so many bytes, and again when it has grown.
func smallDisk(ctx context.Context, p *place, size int64, over bool) (string, error) {
	if err := p.mount(fmt.Sprintf("size=%d", size)); err != nil {
		return skipped(err)
	}
	before, err := p.begin(over)
	if err != nil {
		return "", err
	}
	e, err := p.run(ctx, call{argv: p.command()})
	if err != nil {
		return "", err
	}
	if e.code == 0 {
		return "- had room", p.gave(p.whole)
	}
	if err := errors.Join(e.refused(74), e.says(p.out), standing(p.out, before, p.whole), leftovers(p.out)); err != nil {
		return "", err
	}
	if err := syscall.Mount("tmpfs", filepath.Dir(p.out), "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		return "", err
	}
	return "refused, 74, then the same bytes", p.again(ctx)
}

// mount moves the run's folder to a tmpfs.
func (p *place) mount(options string) error {
	disk := filepath.Join(p.dir, "disk")
	if err := os.Mkdir(disk, 0o777); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, options); err != nil {
		return err
	}
	p.out = filepath.Join(disk, "out")
	p.after = append(p.after, func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	return nil
}

// skipped is the outcome where the system does not let this user mount.
func skipped(err error) (string, error) {
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		return "- skipped: this user may not mount", nil
	}
	return "", err
}
