package pages

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Cell is text that a table of Markdown can hold.
func Cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// Machine is the processor, as the system names it, and its cores.
func Machine() string {
	name := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if _, model, ok := strings.Cut(line, "model name"); ok {
				name = strings.TrimSpace(strings.TrimLeft(model, "\t :"))
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s", name, runtime.NumCPU(), runtime.GOOS)
}

// Version is what the program bin says of itself, with the commit of the tree.
func Version(bin string) string {
	out, err := exec.Command(bin, "--version").Output()
	if err != nil {
		return "of an unknown version"
	}
	version := strings.TrimSpace(string(out))
	if commit, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		version += ", commit " + strings.TrimSpace(string(commit))
	}
	return version
}
