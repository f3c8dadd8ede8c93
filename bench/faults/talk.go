package main

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
)

// talkCases take away what the run talks to. Its results are files: nobody listening is no
// reason to stop.
func talkCases(context.Context, *lab, int, *rand.Rand) ([]trial, error) {
	loud := []string{"--log-level", "debug"}
	var all []trial
	undisturbed := func(name string, run func(ctx context.Context, p *place) (*ended, error)) {
		all = append(all, trial{name, func(ctx context.Context, p *place) (string, error) {
			e, err := run(ctx, p)
			if err != nil {
				return "", err
			}
			if err := e.sound(); err != nil || e.code != 0 {
				return "", e.refused(0)
			}
			return "not disturbed", p.gave(p.whole)
		}})
	}
	undisturbed("stderr is a full disk", func(ctx context.Context, p *place) (*ended, error) {
		return p.withStderr(ctx, "/dev/full", p.command(loud...))
	})
	undisturbed("stderr is a pipe that nobody reads any more", func(ctx context.Context, p *place) (*ended, error) {
		return p.withClosedPipe(ctx, p.command(loud...))
	})
	for _, closed := range []string{"2>&-", "1>&-", "0<&-", "0<&- 1>&- 2>&-"} {
		undisturbed(closed, func(ctx context.Context, p *place) (*ended, error) {
			return p.run(ctx, call{argv: append([]string{"sh", "-c", `exec "$0" "$@" ` + closed}, p.command(loud...)...)})
		})
	}
	refusing := trial{"a refusal, stderr is a full disk", func(ctx context.Context, p *place) (string, error) {
		e, err := p.withStderr(ctx, "/dev/full", []string{p.bin, "run", "-i", "none.h5ad", "-o", p.out})
		if err != nil || e.code != 66 {
			return "", e.refused(66)
		}
		return "exit 66 still", nil
	}}
	return append(all, refusing, trial{"inspect, stdout is a full disk", inspectFull}), nil
}

// inspectFull asks for an answer that cannot be written.
func inspectFull(ctx context.Context, p *place) (string, error) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	defer full.Close() // nothing can be in it
	e, err := p.run(ctx, call{argv: []string{p.bin, "inspect", p.input, "--format", "json", "--log-level", "error"}, stdout: full})
	if err != nil {
		return "", err
	}
	return "refused, 74", e.refused(74)
}

func (p *place) withStderr(ctx context.Context, path string, argv []string) (*ended, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() // nothing can be in it
	return p.run(ctx, call{argv: argv, stderr: f})
}

func (p *place) withClosedPipe(ctx context.Context, argv []string) (*ended, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close() // nobody reads it
	if err := read.Close(); err != nil {
		return nil, err
	}
	// A shell takes this process' way with SIGPIPE out of the program's: its default is what users have.
	return p.run(ctx, call{argv: append([]string{"sh", "-c", `trap - PIPE; exec "$0" "$@"`}, argv...), stderr: write})
}

// asNobody is a command as a user without rights.
func asNobody(argv []string) []string {
	return append(strings.Fields("setpriv --reuid=65534 --regid=65534 --clear-groups"), argv...)
}
