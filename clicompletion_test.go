package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"
)

// completions are what is typed, and what every shell must offer for it, all of it.
func completions() map[string][]string {
	return map[string][]string{
		"cellvi gat":                                    {"gather"},
		"cellvi --threads 4 sim":                        {"simulate"},
		"cellvi run --categorical":                      {"--categorical-covariate-keys"},
		"cellvi run --no-shuffle":                       {"--no-shuffle-set-split"},
		"cellvi run --join ":                            {"inner", "outer"},
		"cellvi train --dispersion gene-":               {"gene-batch", "gene-cell", "gene-label"},
		"cellvi posterior norm":                         {"normalized-expression"},
		"cellvi posterior elbo --outdir results marg":   {"marginal-ll"},
		"cellvi config simu":                            {"simulate"},
		"cellvi completion ":                            {"bash", "fish", "zsh"},
		"cellvi train --config opt":                     {"options.yaml"},
		"cellvi inspect opt":                            {"options.yaml"},
		"cellvi run --reconstruct-genes options.yaml -": nil, // something, and no error
	}
}

// shellFolder holds the script that the program prints, and a file and a folder.
func shellFolder(t *testing.T, shell string) (dir, script string) {
	t.Helper()
	code, text, stderr := call("completion", shell)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	dir = t.TempDir()
	script = filepath.Join(dir, "script")
	writeText(t, script, text)
	writeText(t, filepath.Join(dir, "options.yaml"), "")
	if err := os.Mkdir(filepath.Join(dir, "results"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gather", "categorical-covariate-keys", "normalized-expression", "gene-label"} { // without any shell too
		if !strings.Contains(text, name) {
			t.Errorf("the script has no %s", name)
		}
	}
	if strings.Contains(text, "The child process") {
		t.Error("the script has the hidden command")
	}
	return dir, script
}

// offered compares what a shell offers, in any order.
func offered(t *testing.T, typed string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	if want == nil && len(got) > 0 {
		return
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q: offered %q, want %q", typed, got, want)
	}
}

func TestBashCompletion(t *testing.T) {
	dir, script := shellFolder(t, "bash")
	more := map[string][]string{"cellvi run --join = in": {"inner"}, "cellvi run --join=o": {"--join=outer"}, "cellvi run --join =": {"inner", "outer"}, "cellvi train -o res": {"results"}}
	for _, cases := range []map[string][]string{completions(), more} {
		for typed, want := range cases {
			c := exec.Command("bash", "-c", `source "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _cellvi; printf '%s\n' "${COMPREPLY[@]}"`, "bash", script)
			c.Args, c.Dir = append(c.Args, strings.Split(typed, " ")...), dir
			out, err := c.CombinedOutput()
			if err != nil {
				t.Errorf("%q: %v: %s", typed, err, out)
			}
			offered(t, typed, strings.Fields(string(out)), want)
		}
	}
}

func TestFishCompletion(t *testing.T) {
	dir, script := shellFolder(t, "fish")
	if _, err := exec.LookPath("fish"); err != nil {
		t.Skip("there is no fish here (Debian package fish)")
	}
	for typed, want := range completions() {
		c := exec.Command("fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, typed)
		c.Dir, c.Env = dir, append(os.Environ(), "HOME="+dir)
		out, err := c.Output()
		if err != nil {
			t.Errorf("%q: %v", typed, err)
		}
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
			word, _, _ := strings.Cut(line, "\t")
			got = append(got, word)
		}
		offered(t, typed, got, want)
	}
	out, _ := exec.Command("fish", "--no-config", "-c", "source $argv[1]; complete -C 'cellvi train --lr-fac'", script).Output()
	if !strings.Contains(string(out), "What --reduce-lr-on-plateau multiplies the learning rate by") {
		t.Errorf("without the flag's help: %s", out)
	}
}

// TestZshCompletion types at an interactive zsh on a terminal of its own, for completing
// is the line editor's work: what one word can become is on the line afterwards.
func TestZshCompletion(t *testing.T) {
	dir, script := shellFolder(t, "zsh")
	if _, err := exec.LookPath("zsh"); err != nil {
		t.Skip("there is no zsh here (Debian package zsh)")
	}
	keyboard := zsh(t, dir, script)
	for typed, want := range map[string]string{
		"cellvi gat":              "cellvi gather ",
		"cellvi --threads 4 sim":  "cellvi --threads 4 simulate ",
		"cellvi run --catego":     "cellvi run --categorical-covariate-keys=",
		"cellvi run --no-shuffle": "cellvi run --no-shuffle-set-split ",
		"cellvi run --join=o":     "cellvi run --join=outer ",
		"cellvi run --join o":     "cellvi run --join outer ",
		"cellvi posterior norm":   "cellvi posterior normalized-expression ",
		"cellvi posterior elbo m": "cellvi posterior elbo marginal-ll ",
		"cellvi config simu":      "cellvi config simulate ",
		"cellvi completion fi":    "cellvi completion fish ",
		"cellvi inspect opt":      "cellvi inspect options.yaml ",
		"cellvi train -o res":     "cellvi train -o results/",
	} {
		if got := keyboard(typed); got != want {
			t.Errorf("%q became %q, want %q", typed, got, want)
		}
	}
}

// zsh starts one and gives what types a text and Tab, and tells what then stands on the
// line.
func zsh(t *testing.T, dir, script string) func(typed string) string {
	t.Helper()
	master, slave := terminal(t)
	line := filepath.Join(dir, "line")
	c := exec.Command("zsh", "-f", "-i")
	c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, slave, slave, slave
	c.Env = append(os.Environ(), "TERM=dumb", "HOME="+dir, "ZDOTDIR="+dir)
	c.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait(); _ = master.Close(); _ = slave.Close() })
	go func() { // what it shows is not looked at, but has to go somewhere
		for buffer := make([]byte, 4096); ; {
			if _, err := master.Read(buffer); err != nil {
				return
			}
		}
	}()
	write := func(text string) {
		if _, err := master.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	tell := fmt.Sprintf("tell() { print -rn -- \"$BUFFER.\" > %[1]s.new; mv %[1]s.new %[1]s; BUFFER=; }; zle -N tell; bindkey '^X^T' tell\n", line)
	write("PS1='> '; unsetopt beep; autoload -Uz compinit; compinit -u -d " + dir + "/dump; source " + script + "\n" + tell + "\x18\x14")
	waitFor(t, line)
	return func(typed string) string {
		write(typed + "\t\x18\x14")
		return strings.TrimSuffix(waitFor(t, line), ".")
	}
}

// waitFor gives a file's text as soon as there is one, and removes it.
func waitFor(t *testing.T, path string) string {
	t.Helper()
	for range 600 {
		if text, err := os.ReadFile(path); err == nil {
			_ = os.Remove(path)
			return string(text)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("zsh does not answer")
	return ""
}

// terminal opens a pair of pseudo terminals.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("there are no pseudo terminals: %v", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200})
	}
	if err != nil {
		t.Skipf("there are no pseudo terminals: %v", err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no pseudo terminals: %v", err)
	}
	return os.NewFile(uintptr(fd), "ptmx"), slave
}

// TestConfigCommands: config can be asked for every command that does work.
func TestConfigCommands(t *testing.T) {
	var want []string
	for _, node := range model(t).Children {
		if !node.Hidden && !slices.Contains([]string{"config", "completion", "man"}, node.Name) {
			want = append(want, node.Name)
		}
	}
	field := model(t).Children[slices.IndexFunc(model(t).Children, func(n *kong.Node) bool { return n.Name == "config" })].Positional[0]
	if got := field.EnumSlice(); !slices.Equal(got, want) {
		t.Errorf("config knows %q, commands are %q", got, want)
	}
}

// model is kong's, of the program.
func model(t *testing.T) *kong.Application {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.Name("cellvi"), kong.ExplicitGroups(groups()))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}
