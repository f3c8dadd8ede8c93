package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestManual: the page has every command and flag, and the sections that one looks for.
func TestManual(t *testing.T) {
	code, text, stderr := call("man")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "GENERAL OPTIONS", "FILES", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"} {
		if !strings.Contains(text, "\n.SH "+section+"\n") {
			t.Errorf("there is no section %s", section)
		}
	}
	if !strings.Contains(text, "[COMMAND]") || !strings.Contains(text, ".RI SHELL") {
		t.Error("arguments are not told apart by whether they may be left out")
	}
	for _, node := range model(t).Children {
		if has := strings.Contains(text, "\n.SS cellvi "+strings.ReplaceAll(node.Name, "-", `\-`)+"\n"); has == node.Hidden {
			t.Errorf("command %s, hidden %v: %v", node.Name, node.Hidden, has)
		}
		for _, f := range node.Flags {
			if !strings.Contains(text, strings.ReplaceAll("--"+f.Name, "-", `\-`)) {
				t.Errorf("there is no --%s", f.Name)
			}
		}
	}
	for _, code := range []string{"0", "64", "65", "66", "70", "73", "74", "75", "76", "137"} {
		if !strings.Contains(text, ".TP\n\\fB"+code+"\\fR\n") {
			t.Errorf("there is no exit code %s", code)
		}
	}
}

// TestManualLint: groff and mandoc have nothing to say of the page.
func TestManualLint(t *testing.T) {
	_, text, _ := call("man")
	page := filepath.Join(t.TempDir(), "cellvi.1")
	writeText(t, page, text)
	for _, lint := range [][]string{
		{"groff", "-man", "-Tutf8", "-ww", "-z", "-K", "utf8", page},
		{"mandoc", "-T", "lint", page},
	} {
		t.Run(lint[0], func(t *testing.T) {
			if _, err := exec.LookPath(lint[0]); err != nil {
				t.Skipf("there is no %s here", lint[0])
			}
			c := exec.Command(lint[0], lint[1:]...)
			c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			out, err := c.CombinedOutput()
			said := unexplained(out)
			if len(said) > 0 {
				t.Errorf("%v: %s", err, bytes.Join(said, []byte("\n")))
			}
		})
	}
}

// unexplained are the lines of a lint, but for those on long lines: examples stand as
// they are typed.
func unexplained(out []byte) (lines [][]byte) {
	for _, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		if len(line) > 0 && !bytes.Contains(line, []byte("input text line longer than 80 bytes")) {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestExamplesParse: what help and manual show can be typed.
func TestExamplesParse(t *testing.T) {
	for _, node := range model(t).Children {
		if node.Hidden {
			continue
		}
		lines := strings.Split(strings.TrimSpace(examplesOf(node.Name)), "\n")
		for _, line := range lines {
			for _, part := range strings.Split(strings.Trim(line, " "), ";") {
				if !strings.Contains(part, "cellvi "+node.Name) {
					continue
				}
				args := words(t, part)
				parsedCommand(t, node.Name, args)
			}
		}
		if !strings.Contains(examplesOf(node.Name), "cellvi "+node.Name) {
			t.Errorf("%s has no example", node.Name)
		}
	}
}

// words are the arguments of cellvi in a line, as a shell makes them.
func words(t *testing.T, line string) []string {
	t.Helper()
	line = line[strings.Index(line, "cellvi ")+len("cellvi "):]
	line, _, _ = strings.Cut(line, " > ")
	line, _, _ = strings.Cut(line, " | ")
	out, err := exec.Command("sh", "-c", "printf '%s\\n' "+strings.TrimSuffix(strings.TrimSpace(line), ")")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, word := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if word != "run.yaml" {
			args = append(args, word)
			continue
		}
		file := filepath.Join(t.TempDir(), word) // that the example made before
		writeText(t, file, "input: x.h5ad\n")
		args = append(args, file)
	}
	return args
}
