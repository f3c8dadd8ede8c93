package main

import (
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"cellvi/pipeline"
)

// positionals are arguments for the commands that need some, and required flags.
func positionals(command string) []string {
	return map[string][]string{
		"run": {"--input", "x.h5ad"}, "ingest": {"--input", "x.h5ad"}, "query": {"model", "x.h5ad"}, "gather": {"a", "b"}, "posterior": {"elbo"},
		"export": {"dir"}, "import": {"dir"}, "de": {"--groupby", "type"}, "rank-genes": {"--groupby", "type"}, "inspect": {"x.h5ad"}, "simulate": {"--output", "x.h5ad"},
	}[command]
}

// taken is a line of an option.
var taken = regexp.MustCompile(`(?m)^#([a-z])`)

// TestConfigRoundTrip: what config prints is taken by --config, as it is and with every
// line uncommented, and says what no file says.
func TestConfigRoundTrip(t *testing.T) {
	t.Setenv("CELLVI_PYTHON", "python3") // the default, which the tests' own environment replaces
	for _, node := range model(t).Children {
		if node.Hidden || slices.Contains([]string{"config", "completion", "man"}, node.Name) {
			continue
		}
		t.Run(node.Name, func(t *testing.T) {
			code, text, stderr := call("config", node.Name)
			if code != 0 || stderr != "" {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			args := append([]string{node.Name}, positionals(node.Name)...)
			want := parsedCommand(t, node.Name, args)
			for name, text := range map[string]string{"as it is": text, "uncommented": taken.ReplaceAllString(text, "$1")} {
				file := filepath.Join(t.TempDir(), "options.yaml")
				writeText(t, file, text)
				got := parsedCommand(t, node.Name, append(slices.Clone(args), "--config", file))
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s it says\n%+v\nwithout a file\n%+v", name, got, want)
				}
			}
			inFile(t, node, text)
		})
	}
}

// parsedCommand is the command's struct after parsing.
func parsedCommand(t *testing.T, name string, args []string) any {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Selected().Target.Interface()
}

// inFile: every option is there, in a line of its own, but for those that make no sense
// in a file.
func inFile(t *testing.T, node *kong.Node, text string) {
	t.Helper()
	for _, flags := range node.AllFlags(true) {
		for _, f := range flags {
			key := strings.ReplaceAll(f.Name, "-", "_")
			has := regexp.MustCompile(`(?m)^#?` + key + `:`).MatchString(text)
			if has == slices.Contains(pipeline.NotInConfig(), f.Name) {
				t.Errorf("%s is in the file: %v", f.Name, has)
			}
		}
	}
}

// TestConfigOfOneName: commands have flags of one name that take different values. What
// stands in the file is the command's own, and another's is passed over.
func TestConfigOfOneName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "options.yaml")
	writeText(t, file, "genes: markers.txt\ninput: x.h5ad\n")
	run := parsedCommand(t, "run", []string{"run", "--config", file}).(runCommand)
	if run.Prepare.Genes != "markers.txt" {
		t.Errorf("genes are %q", run.Prepare.Genes)
	}
	parsedCommand(t, "report", []string{"report", "--config", file}) // has no genes
	writeText(t, file, "check: true\ninput: x.h5ad\n")
	if run := parsedCommand(t, "run", []string{"run", "--config", file}).(runCommand); !run.Check {
		t.Error("check: true is no --check")
	}
	if report := parsedCommand(t, "report", []string{"report", "--config", file}).(reportCommand); report.Check != "" {
		t.Errorf("the run's check: true is report's file %s", report.Check)
	}
	writeText(t, file, "genes: [1, 2]\n")
	if code, _, stderr := call("report", "--config", file); code != pipeline.ExitUsage || !strings.Contains(stderr, "genes: needs") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestConfigOfRunIsTheRun: the file of a run, with its inputs filled in, gives the run's results.
func TestConfigOfRunIsTheRun(t *testing.T) {
	input, dir := simulated(t), t.TempDir()
	_, text, _ := call("config")
	text = strings.Replace(text, "\ninput:\n", "\ninput: "+input+"\n", 1)
	text = strings.Replace(text, "#max_epochs: 0\n", "max_epochs: 1\n", 1)
	text = strings.Replace(taken.ReplaceAllString(text, "$1"), "outdir: results\n", "outdir: "+filepath.Join(dir, "file")+"\n", 1)
	file := filepath.Join(dir, "run.yaml")
	writeText(t, file, text)
	cellvi(t, 0, "run", "--config", file)
	cellvi(t, 0, "run", "--input", input, "--outdir", filepath.Join(dir, "flags"), "--max-epochs", "1")
	sameResults(t, "from what config prints", sums(t, filepath.Join(dir, "file")), sums(t, filepath.Join(dir, "flags")))
}
