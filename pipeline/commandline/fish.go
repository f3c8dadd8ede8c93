package commandline

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Fish writes the completion script for fish 3 and later.
func Fish(out io.Writer, app *kong.Application) error {
	var text strings.Builder
	fmt.Fprintf(&text, "# completion of %[1]s for fish; for this shell: %[1]s completion fish | source\n", app.Name)
	fmt.Fprintf(&text, "complete -c %s -f\n", app.Name)
	none := "not __fish_seen_subcommand_from " + strings.Join(nodeNames(commands(app)), " ")
	for _, node := range commands(app) {
		fmt.Fprintf(&text, "complete -c %s -n %s -a %s -d %s\n", app.Name, fishQuoted(none), node.Name, fishQuoted(brief(node.Help)))
	}
	own := map[string]bool{}
	for _, f := range flagsOf(app.Node) { // of every command, and before it
		own[f.Name] = true
		text.WriteString(fishFlag(app.Name, "", f))
	}
	for _, node := range commands(app) {
		seen := "__fish_seen_subcommand_from " + node.Name
		for _, f := range flagsOf(node) {
			if !own[f.Name] {
				text.WriteString(fishFlag(app.Name, seen, f))
			}
		}
		if n := len(node.Positional); n > 0 {
			arg := node.Positional[n-1]
			fmt.Fprintf(&text, "complete -c %s -n %s%s\n", app.Name, fishQuoted(seen), fishValue(arg, or(arg.Tag.PlaceHolder, "FILE")))
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// fishFlag is the lines for one flag, where condition holds.
func fishFlag(app, condition string, f *kong.Flag) (lines string) {
	for i, name := range names(f) {
		lines += "complete -c " + app
		if condition != "" {
			lines += " -n " + fishQuoted(condition)
		}
		lines += " -l " + strings.TrimPrefix(name, "--")
		help := brief(f.Help)
		if i > 0 {
			help = "Not: " + help
		} else if f.Short != 0 {
			lines += " -s " + string(f.Short)
		}
		if !f.IsBool() {
			lines += " -r" + fishValue(f.Value, f.PlaceHolder)
		}
		lines += " -d " + fishQuoted(help) + "\n"
	}
	return lines
}

// fishValue is what a flag or an argument takes.
func fishValue(v *kong.Value, placeholder string) string {
	switch takes(v, placeholder) {
	case words:
		return " -f -a " + fishQuoted(strings.Join(wordsOf(v), " "))
	case files:
		return " -F"
	case folders:
		return " -f -a '(__fish_complete_directories)'"
	}
	return " -f"
}

// fishQuoted is text as one word of fish.
func fishQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}
