package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// agreement is what the field's own readers say of the files that cellvi answered
// otherwise than before the damage: the damage may have changed the counts or names
// themselves, which no reader can know.
type agreement struct {
	asked, agree, refuse int
	differ               []string // sentences
}

// othersRead are the formats that agree.py reads.
var othersRead = []string{"h5ad", "10x HDF5", "loom", "mtx folder"}

// mostAsked is how many other answers of each format and kind are checked.
const mostAsked = 2

//go:embed agree.py
var agreeScript string

// askOthers has Python read a sample of the other answers.
func (r *results) askOthers(ctx context.Context, scratch string, talk io.Writer) (*agreement, error) {
	if r.options.python == "" {
		return nil, nil
	}
	script := filepath.Join(scratch, "agree.py")
	if err := os.WriteFile(script, []byte(agreeScript), 0o666); err != nil {
		return nil, err
	}
	a, asked := &agreement{}, map[string]int{}
	for k := range r.trials {
		t := &r.trials[k]
		key := t.sample.format + t.kind
		if t.outcome != another || asked[key] == mostAsked || !slices.Contains(othersRead, t.sample.format) {
			continue
		}
		asked[key]++
		path, err := r.corpus.mutation(r.options.seed, t.i).write(filepath.Join(scratch, "asked"))
		if err != nil {
			return nil, err
		}
		a.take(t, fingerprintByPython(ctx, r.options.python, script, path, t.sample.args))
	}
	fmt.Fprintf(talk, "%d other answers read by others: %d agree, %d refused, %d differ\n", a.asked, a.agree, a.refuse, len(a.differ))
	return a, ctx.Err()
}

func (a *agreement) take(t *tried, theirs string) {
	a.asked++
	switch theirs {
	case t.print:
		a.agree++
	case "":
		a.refuse++
	default:
		a.differ = append(a.differ, fmt.Sprintf("mutation %d of %s (%s)", t.i, t.sample.name, t.kind))
	}
}

// fingerprintByPython is what the other reader finds; "" where it finds none.
func fingerprintByPython(ctx context.Context, python, script, path string, args []string) string {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, python, append([]string{script, path}, args...)...)
	c.Env = append(os.Environ(), "HDF5_USE_FILE_LOCKING=FALSE", "OMP_NUM_THREADS=1")
	out, err := c.Output()
	var told struct{ Fingerprint string }
	if err != nil || json.Unmarshal(out, &told) != nil {
		return ""
	}
	return told.Fingerprint
}
