package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rs/zerolog"
)

// Expecter is a Stage that can tell what its Run would take.
type Expecter interface {
	// Expect looks at the inputs, but for those that ahead has: they are yet to be
	// made. It puts into ahead what is known of its own outputs, and writes no file.
	// Its error is one that Run would meet at once.
	Expect(ctx context.Context, job *Job, ahead Ahead) (*Expectation, error)
}

// Ahead is, by path, what the stages of a preview know of what they will make: for
// one another. A path is there as soon as its stage is to run; nil: nothing is known.
type Ahead map[string]any

// Expectation is what Run would take, as far as it can be told.
type Expectation struct {
	Work       []string `json:"work,omitempty"`   // what will be done, a sentence each
	Memory     int64    `json:"memory,omitempty"` // bytes, about; 0: not known
	MemoryNote string   `json:"memory_note,omitempty"`
	Seconds    float64  `json:"seconds,omitempty"`   // about; 0: not known
	AtMost     bool     `json:"at_most,omitempty"`   // Seconds are: it may well end before
	TimeNote   string   `json:"time_note,omitempty"` // what was measured, or why it is not known
}

// What becomes of a stage.
const (
	StageDone    = "done"    // its recorded result stands
	StageRuns    = "runs"    // it would be done
	StageFollows = "follows" // it was done, and would be again where an earlier stage makes something else
)

// Prospect is what would become of a stage.
type Prospect struct {
	Stage   string        `json:"stage"`
	Verdict string        `json:"verdict"`
	Why     string        `json:"why,omitempty"`
	Reads   []PreviewPath `json:"reads"`
	Writes  []PreviewPath `json:"writes"`
	Expect  *Expectation  `json:"expect,omitempty"`
}

// PreviewPath is a file or a folder that a stage would read or write.
type PreviewPath struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`             // of what is there now
	MadeBy string `json:"made_by,omitempty"` // the stage before it that makes it
	There  bool   `json:"there"`
}

// Preview tells what Execute would do with the same arguments, and the error that it
// would end with at once, after the stages that are not touched by it. It makes,
// changes and locks nothing.
func (r *Runner) Preview(ctx context.Context, outdir string, stages ...Stage) ([]Prospect, error) {
	list := []Prospect{}
	if err := checkInputs(stages); err != nil {
		return list, err
	}
	for _, l := range locksOf(outdir, stages) {
		if err := isFree(l); err != nil {
			return list, err
		}
	}
	if err := checkOutputs(stages); err != nil {
		return list, err
	}
	run, err := ReadRun(outdir)
	if err != nil {
		return list, err
	}
	p := &preview{Runner: r, run: run, hashes: newHasher(outdir), ahead: Ahead{}, maker: map[string]string{}}
	for _, s := range stages {
		x, err := p.stage(ctx, s)
		if err != nil {
			return list, err
		}
		list = append(list, *x)
	}
	return list, nil
}

// preview is a Preview on its way.
type preview struct {
	*Runner
	run    *Run
	hashes *hasher
	ahead  Ahead
	maker  map[string]string // by path, the stage that is to make it
}

// stage tells what becomes of one.
func (p *preview) stage(ctx context.Context, s Stage) (*Prospect, error) {
	plan := s.Plan()
	x := &Prospect{Stage: s.Name(), Reads: []PreviewPath{}, Writes: []PreviewPath{}}
	for _, path := range plan.Inputs {
		x.Reads = append(x.Reads, p.look(path))
	}
	for _, path := range plan.Outputs {
		x.Writes = append(x.Writes, p.look(path))
	}
	if err := p.judge(ctx, s, plan, x); err != nil {
		return x, err
	}
	if x.Verdict == StageDone {
		return x, nil
	}
	if err := checkFolders(plan); err != nil {
		return x, err
	}
	for _, path := range plan.Outputs {
		p.maker[path] = s.Name()
		p.ahead[path] = nil
	}
	if p.Force {
		for _, path := range plan.Partial { // is removed, and nothing is gone on from
			p.ahead[path] = nil
		}
	}
	e, can := s.(Expecter)
	if !can {
		return x, nil
	}
	quiet := p.Runner.job(s)
	quiet.Log = quiet.Log.Level(zerolog.WarnLevel)
	var err error
	x.Expect, err = e.Expect(ctx, quiet, p.ahead)
	return x, Explain(err)
}

// judge says whether the stage is done, and if not, why.
func (p *preview) judge(ctx context.Context, s Stage, plan Plan, x *Prospect) error {
	before := p.run.Stage(s.Name())
	args, err := json.Marshal(plan.Args)
	if err != nil {
		return err
	}
	var makers []string
	for _, in := range x.Reads {
		if in.MadeBy != "" && !slices.Contains(makers, in.MadeBy) {
			makers = append(makers, in.MadeBy)
		}
	}
	x.Verdict = StageRuns
	switch {
	case p.Force:
		x.Why = "--force"
	case before == nil && len(makers) > 0:
		x.Why = "its inputs are made by " + listed(makers, "and")
	case before == nil:
		x.Why = "not done yet"
	case before.Version != p.Version:
		x.Why = fmt.Sprintf("it was done by version %s, this is %s", before.Version, p.Version)
	case !sameJSON(before.Args, args):
		x.Why = "it was done with other options: " + strings.Join(changes(before.Args, args), ", ")
	case len(makers) > 0:
		x.Verdict, x.Why = StageFollows, "done before: again only where "+listed(makers, "or")+" makes something else"
	default:
		return p.compare(ctx, s, plan, before, x)
	}
	return p.verify(ctx, plan)
}

// compare holds what is there to what run.json says, which takes reading it.
func (p *preview) compare(ctx context.Context, s Stage, plan Plan, before *StageRun, x *Prospect) error {
	p.begin(x)
	defer p.Progress.End()
	now, err := p.entry(ctx, p.hashes, s, plan)
	if err != nil {
		return err
	}
	switch {
	case !sameContents(before.Inputs, now.Inputs):
		x.Why = "its inputs have changed"
	case stands(ctx, p.hashes, before, now, plan):
		x.Verdict = StageDone
	default:
		x.Why = "what it wrote has changed, or is gone"
	}
	return ctx.Err()
}

// verify holds those inputs that have a SumsFile to it.
func (p *preview) verify(ctx context.Context, plan Plan) error {
	for _, path := range plan.Inputs {
		_, err := os.Stat(filepath.Join(path, SumsFile))
		if _, coming := p.maker[path]; err != nil || coming {
			continue
		}
		if _, err := p.hashes.verified(ctx, []string{path}); err != nil {
			return Explain(err)
		}
	}
	return nil
}

// begin shows what is to be hashed.
func (p *preview) begin(x *Prospect) {
	total := int64(0)
	for _, file := range slices.Concat(x.Reads, x.Writes) {
		total += file.Bytes
	}
	p.hashes.advance = p.Progress.Add
	p.Progress.Begin("comparing checksums", "bytes", total)
}

// look tells what stands at a path.
func (p *preview) look(path string) PreviewPath {
	size, err := SizeOf(path)
	return PreviewPath{Path: path, Bytes: size, There: err == nil, MadeBy: p.maker[path]}
}

// changes lists the options that differ, by their names in run.json.
func changes(before, now json.RawMessage) (list []string) {
	var a, b map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(before, &a), json.Unmarshal(now, &b)); err != nil {
		return []string{"args"}
	}
	names := map[string]bool{}
	for _, of := range []map[string]json.RawMessage{a, b} {
		for name := range of {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !sameJSON(a[name], b[name]) {
			list = append(list, fmt.Sprintf("%s was %s, is %s", name, shown(a[name]), shown(b[name])))
		}
	}
	return list
}

// shown is an option's value for people.
func shown(value json.RawMessage) string {
	if len(value) == 0 {
		return "not given"
	}
	return string(value)
}
