package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
)

// errorsOf are what a call may fail with. An input's reading fails with EIO, its opening
// with EACCES.
var errorsOf = map[string][]string{
	"fsync": {"EIO"}, "fdatasync": {"EIO"}, "close": {"EIO"}, "read": {"EIO"}, "pread64": {"EIO"},
	"rename": {"EIO", "EXDEV"}, "renameat": {"EIO", "EXDEV"}, "renameat2": {"EIO", "EXDEV"},
	"mkdir": {"EIO", "EACCES"}, "mkdirat": {"EIO", "EACCES"}, "openat": {"EMFILE", "EACCES", "EIO"},
	"unlink": {"EIO"}, "unlinkat": {"EIO"}, "flock": {"EIO", "ENOLCK"}, "write": {"EIO"}, "pwrite64": {"EIO"},
}

// errorCases let system calls fail, at outputs and at the input.
func errorCases(_ context.Context, l *lab, n int, r *rand.Rand) ([]trial, error) {
	can := func(e event) bool {
		return errorsOf[e.call] != nil && e.call != "write" || e.call == "write" && r.IntN(4) == 0
	}
	points := spreadBoth(l, n*5/6, r, can)
	for _, pt := range spread(callsOf(onlyInput(l.first, l.input), "openat", "read", "pread64", "close"), n/6, r) {
		points = append(points, overPoint{pt, false})
	}
	var all []trial
	for i, pt := range points {
		choice := errorsOf[pt.call]
		number := choice[i%len(choice)]
		all = append(all, trial{overName(number+" at "+pt.String(), pt.over), func(ctx context.Context, p *place) (string, error) {
			return errorAt(ctx, p, pt, number)
		}})
	}
	return all, nil
}

// errorAt has one call fail. The run may do without it where all outputs are right.
func errorAt(ctx context.Context, p *place, pt overPoint, number string) (string, error) {
	e, hit, err := p.inject(ctx, pt.point, "error="+number, false, pt.over)
	if err != nil || !hit {
		return missed, err
	}
	if e.code == 0 && strings.HasPrefix(pt.call, "unlink") {
		return p.leftBehind()
	}
	if e.code == 0 {
		return "not disturbed", p.gave(p.whole)
	}
	if strings.HasPrefix(pt.path, "/") {
		if err := e.says(pt.path); err != nil {
			return "", err
		}
		if err := e.refused(66, 74); err != nil {
			return "", err
		}
		return fmt.Sprintf("refused, %d, then the same bytes", e.code), p.survived(ctx, pt.over)
	}
	return p.refusedBy(ctx, e, pt.point, pt.over, 66, 73, 74)
}

// leftBehind is a run that could not remove something. What it replaced may be left under a hidden
// name: the next run that makes the output removes it.
func (p *place) leftBehind() (string, error) {
	got, err := contentOf(p.out)
	if err != nil {
		return "", err
	}
	outcome := "not disturbed"
	for _, path := range sortedKeys(got) {
		if isHidden(path) {
			delete(got, path)
			outcome = "not disturbed, a hidden temporary left"
		}
	}
	if d := p.whole.differ(got); d != "" {
		return "", errors.New(d)
	}
	return outcome, nil
}
