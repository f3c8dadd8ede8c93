package stages

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"cellvi/pipeline"
)

// bridgeScripts are the Python that talks to scvi-tools: a model that it saved is a
// pickle, and what loads in it is made by it.
//
//go:embed bridge/*.py
var bridgeScripts embed.FS

// BridgeOptions say which Python talks to scvi-tools.
type BridgeOptions struct {
	Python string `json:"-" name:"python" env:"CELLVI_PYTHON" default:"python3" placeholder:"PROGRAM" help:"Python that has scvi-tools." group:"General"`
}

// bridge is a folder of its own for one call of the script.
type bridge struct {
	python string
	dir    string
}

// openBridge writes the scripts to a temporary folder; close it.
func openBridge(o BridgeOptions) (*bridge, error) {
	python, err := exec.LookPath(o.Python)
	if err != nil {
		return nil, pipeline.Usage("there is no Python %q here: name one that has scvi-tools with --python or CELLVI_PYTHON", o.Python)
	}
	dir, err := os.MkdirTemp("", "cellvi-bridge-")
	if err != nil {
		return nil, err
	}
	b := &bridge{python: python, dir: dir}
	if err := b.unpack(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// unpack writes the scripts.
func (b *bridge) unpack() error {
	scripts, err := bridgeScripts.ReadDir("bridge")
	if err != nil {
		return err
	}
	for _, s := range scripts {
		text, err := bridgeScripts.ReadFile("bridge/" + s.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(b.path(s.Name()), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func (b *bridge) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bridge) close() error { return os.RemoveAll(b.dir) }

// outcome is what every answer of the script has.
type outcome struct {
	Error    string            `json:"error"`
	Cause    string            `json:"cause"` // python, input or failure, where there is an error
	Notes    []string          `json:"notes"`
	Versions map[string]string `json:"versions"`
}

// call runs one of the script's commands: request goes there as JSON, the JSON
// that comes back into answer. ctx ends the process.
func (b *bridge) call(ctx context.Context, job *pipeline.Job, command string, request, answer any) error {
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.path("request.json"), text, 0o666); err != nil {
		return err
	}
	job.Progress.Begin("waiting for scvi-tools", "", 0)
	defer job.Progress.End()
	said, err := b.run(ctx, job.Threads, command)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, line := range strings.Split(strings.TrimSpace(said), "\n") {
		job.Log.Debug().Str("python", b.python).Msg(line)
	}
	if err != nil {
		return pipeline.Usage("%s: the Python there failed (%v): %s: name one that has scvi-tools with --python or CELLVI_PYTHON", b.python, err, lastLine(said))
	}
	return b.read(job, answer)
}

// run runs the script and gives what it said to stderr. It sees no GPU: nothing is
// computed there, and one that is busy would refuse.
func (b *bridge) run(ctx context.Context, threads int, command string) (said string, err error) {
	cmd := exec.CommandContext(ctx, b.python, b.path("bridge.py"), command, b.path("request.json"), b.path("answer.json"))
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS="+strconv.Itoa(threads), "CUDA_VISIBLE_DEVICES=", "PYTHONIOENCODING=utf-8", "PYTHONDONTWRITEBYTECODE=1")
	cmd.WaitDelay = 10 * time.Second // for children of its own that keep the pipe open
	var words lastWords
	cmd.Stderr = &words
	err = cmd.Run()
	return string(words.text), err
}

// read takes the script's answer, tells its notes and gives its error.
func (b *bridge) read(job *pipeline.Job, answer any) error {
	text, err := os.ReadFile(b.path("answer.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return pipeline.Usage("%s: ended well and did nothing: name a Python that has scvi-tools with --python or CELLVI_PYTHON", b.python)
	}
	if err != nil {
		return err
	}
	var o outcome
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	for _, note := range o.Notes {
		job.Warn("%s", note)
	}
	switch {
	case o.Error == "":
	case o.Cause == "python":
		return pipeline.Usage("%s", o.Error)
	case o.Cause == "input":
		return pipeline.BadInput("%s", o.Error)
	default:
		return errors.New(o.Error)
	}
	job.Note("%s has %s", b.python, versions(o.Versions))
	return json.Unmarshal(text, answer)
}

// versions lists the packages that matter.
func versions(of map[string]string) string {
	var parts []string
	for _, name := range []string{"scvi-tools", "torch", "anndata"} {
		if v := of[name]; v != "" {
			parts = append(parts, name+" "+v)
		}
	}
	return strings.Join(parts, ", ")
}

// lastWords keeps the last bytes of what a process says: of a Python traceback the
// end has the reason.
type lastWords struct{ text []byte }

// Write never fails.
func (w *lastWords) Write(p []byte) (int, error) {
	const most = 1 << 16
	w.text = append(w.text, p...)
	if over := len(w.text) - most; over > 0 {
		w.text = append(w.text[:0], w.text[over:]...)
	}
	return len(p), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return "it said nothing"
}
