package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"
	"golang.org/x/term"

	"cellvi/pipeline"
)

// app is one call of the program.
type app struct {
	ctx            context.Context
	args           []string
	stdout, stderr io.Writer
	code           int // of a command that says it itself

	flags    globals
	threads  int // to work with
	log      zerolog.Logger
	progress pipeline.Progress
}

// mostThreads is more than any machine has cores.
const mostThreads = 4096

// run parses the arguments and runs the command.
func (a *app) run() error {
	parsed, err := a.parse()
	if err != nil || parsed == nil {
		return err
	}
	if n := a.flags.Threads; n < 0 || n > mostThreads {
		return pipeline.Usage("--threads is %d: it must be 0 to %d", n, mostThreads)
	}
	a.setUp()
	return parsed.Run(a)
}

// parse gives nil where help or version was asked for, which is then told.
func (a *app) parse() (parsed *kong.Context, err error) {
	var c cli
	defer func() {
		if v := recover(); v != nil && v != errHelped {
			panic(v)
		}
	}()
	parser, err := kong.New(&c, kong.Name("cellvi"), kong.Description(about), kong.Writers(a.stdout, a.stderr),
		kong.Exit(func(int) { panic(errHelped) }), kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}), kong.ValueFormatter(withDefault),
		kong.ExplicitGroups(groups()))
	if err != nil {
		return nil, err
	}
	parsed, err = parser.Parse(a.args)
	a.flags = c.Globals
	if c.Globals.Version {
		_, err := fmt.Fprintln(a.stdout, version)
		return nil, err
	}
	if err != nil {
		return nil, usage(err)
	}
	return parsed, nil
}

// errHelped ends the parsing when kong has printed its help.
var errHelped = errors.New("help was asked for")

// usage makes kong's errors usage errors, and leaves ours as they are.
func usage(err error) error {
	var known *pipeline.Error
	if errors.As(err, &known) {
		return known
	}
	var parse *kong.ParseError
	command, text := "", strings.ReplaceAll(err.Error(), "\n", " ")
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		selected := parse.Context.Selected()
		command = " " + selected.Name
		if strings.HasPrefix(text, "unexpected argument") && slices.ContainsFunc(selected.Flags, func(f *kong.Flag) bool { return f.Name == "input" }) {
			text += ": files to read are named by --input"
		}
	}
	return pipeline.Usage("%s: see cellvi%s --help", text, command)
}

// setUp makes log and progress, and tells the runtime its share.
func (a *app) setUp() {
	level, err := zerolog.ParseLevel(a.flags.LogLevel)
	if err != nil || os.Getenv("CELLVI_DEBUG") != "" {
		level = zerolog.DebugLevel
	}
	a.log = zerolog.New(a.stderr)
	if a.flags.LogFormat == "text" {
		a.log = zerolog.New(zerolog.ConsoleWriter{Out: a.stderr, NoColor: true, TimeFormat: time.TimeOnly})
	}
	if f, ok := a.stderr.(*os.File); ok && a.flags.LogFormat == "text" && term.IsTerminal(int(f.Fd())) {
		bar := pipeline.NewTerminal(f)
		a.log = zerolog.New(zerolog.ConsoleWriter{Out: bar, TimeFormat: time.TimeOnly, NoColor: os.Getenv("NO_COLOR") != ""})
		a.progress = bar
	}
	a.log = a.log.Level(level).With().Timestamp().Logger()
	if a.progress == nil {
		a.progress = pipeline.NewLines(a.log)
	}
	a.threads = pipeline.DefaultThreads()
	if a.flags.Threads > 0 {
		a.threads = a.flags.Threads
	}
	// One more than work: where all of the scheduler's processors are in C calls
	// it takes them away from the calls, and who returns waits. Measured: a tenth
	// of training's speed.
	runtime.GOMAXPROCS(a.threads + 1)
	debug.SetMemoryLimit(max(a.budget()-notGo, a.budget()/2))
}

// notGo is what the process has resident beside Go's memory: the program's own
// pages, OpenBLAS' and libhdf5's. Measured: 36 MB of them are the program's.
const notGo = 48e6

// defaultMemory is the budget where --memory is not given. It is the same on
// every machine, because results of streamed training depend on it.
const defaultMemory = 1e9

// budget is --memory or its default.
func (a *app) budget() int64 { return a.budgetOf(pipeline.MachineMemory()) }

// budgetOf is the budget on a machine, or in a control group, of so many bytes, 0
// where it is not known: three quarters of them where they are fewer than the
// default.
func (a *app) budgetOf(machine int64) int64 {
	if a.flags.Memory > 0 {
		return int64(a.flags.Memory)
	}
	if machine > 0 && machine < defaultMemory {
		return machine / 4 * 3
	}
	return defaultMemory
}

// means tells what a run works with.
func (a *app) means() string {
	s, why := "s", ""
	if a.threads == 1 {
		s = ""
	}
	if machine := pipeline.MachineMemory(); a.flags.Memory == 0 && a.budgetOf(machine) < defaultMemory {
		why = fmt.Sprintf(", three quarters of the %d MB that the machine or the control group has", machine/1e6)
	}
	return fmt.Sprintf("%d thread%s, a memory budget of %d MB%s", a.threads, s, a.budget()/1e6, why)
}

// runner is what the stages of this call have in common.
func (a *app) runner() *pipeline.Runner {
	return &pipeline.Runner{
		Log: a.log, Progress: a.progress, Threads: a.threads, Memory: a.budget(), Means: a.means(),
		Version: version, Command: append([]string{"cellvi"}, a.args...),
	}
}

// execute runs stages over a folder.
func (a *app) execute(f folder, stages ...pipeline.Stage) error {
	if err := pipeline.CheckAddressSpace(a.threads, a.budget()); err != nil {
		return err
	}
	if f.Outdir == "" {
		return pipeline.Usage("--outdir is empty: name a folder, or leave it out for results")
	}
	for _, s := range stages {
		if early, is := s.(preflighter); is {
			if err := early.Preflight(a.ctx, a.job(s.Name())); err != nil {
				return err
			}
		}
	}
	r := a.runner()
	r.Force = f.Force
	if f.DryRun {
		return a.preview(r, f.Outdir, stages)
	}
	return r.Execute(a.ctx, f.Outdir, stages...)
}

// preview tells what execute would do. What is known is told before an error.
func (a *app) preview(r *pipeline.Runner, outdir string, stages []pipeline.Stage) error {
	list, err := r.Preview(a.ctx, outdir, stages...)
	if a.flags.LogFormat == "json" {
		return errors.Join(err, pipeline.WritePreviewJSON(a.stdout, list, r.Memory))
	}
	return errors.Join(err, pipeline.WritePreview(a.stdout, list, r.Memory, err == nil))
}

// preflighter is a stage that finds mistakes before the first stage of a run begins.
type preflighter interface {
	Preflight(ctx context.Context, job *pipeline.Job) error
}

// job is for a command that is no stage.
func (a *app) job(name string) *pipeline.Job {
	r := a.runner()
	return pipeline.NewJob(a.log.With().Str("stage", name).Logger(), r.Progress, r.Threads, r.Memory)
}

// byteSize is a number of bytes with a unit: 4GB, 512MiB, 1000000.
type byteSize int64

// UnmarshalText reads it; decimal units are powers of 1000, those with an i of
// 1024.
func (b *byteSize) UnmarshalText(text []byte) error {
	t := strings.ToUpper(strings.TrimSpace(string(text)))
	t = strings.TrimSuffix(t, "B")
	base := 1000.0
	if cut, binary := strings.CutSuffix(t, "I"); binary {
		base, t = 1024, cut
	}
	scale := 1.0
	for i, unit := range []string{"K", "M", "G", "T"} {
		if rest, ok := strings.CutSuffix(t, unit); ok {
			t = rest
			for range i + 1 {
				scale *= base
			}
			break
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(t), 64)
	if err != nil || !(n*scale >= 1<<20) || n*scale > 1<<60 {
		return fmt.Errorf("%q is no size of memory: write it as 4GB or 512MB, 2MB at least", text)
	}
	*b = byteSize(n * scale)
	return nil
}

// isUnread tells that who reads stdout had enough, as of `cellvi man | head`.
func isUnread(err error) bool {
	var path *os.PathError
	return errors.As(err, &path) && path.Path == os.Stdout.Name() && errors.Is(err, syscall.EPIPE)
}

// exit says what went wrong, in one line, and gives the exit code.
func (a *app) exit(err error) int {
	if err == nil {
		return a.code
	}
	if isUnread(err) {
		return pipeline.ExitDone
	}
	code := exitCode(err)
	text := pipeline.Explain(err).Error()
	if code == pipeline.ExitInterrupted && a.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		text = "stopped by a signal: what was finished is kept: run the same command again to go on"
	}
	var bug *pipeline.PanicError
	if errors.As(err, &bug) && (os.Getenv("CELLVI_DEBUG") != "" || a.flags.LogLevel == "debug") {
		fmt.Fprintf(a.stderr, "%s\n", bug.Stack)
	}
	if a.flags.LogFormat == "json" {
		line, _ := json.Marshal(map[string]any{"level": "error", "exit_code": code, "message": text}) // strings and a number
		fmt.Fprintf(a.stderr, "%s\n", line)
		return code
	}
	var lines bytes.Buffer
	for _, line := range strings.Split(text, "\n") {
		fmt.Fprintf(&lines, "cellvi: %s\n", line)
	}
	_, _ = a.stderr.Write(lines.Bytes()) // there is nobody left to tell
	return code
}
