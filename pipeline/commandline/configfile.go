package commandline

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// configWidth is how wide comments are.
const configWidth = 100

// ConfigFile is how a YAML file of a command's options is written.
type ConfigFile struct {
	Groups []kong.Group
	Value  func(v *kong.Value) string // a flag's help
	Omit   []string                   // flags that make no sense in a file
}

// Write writes every option of the command: its help as a comment, and its default
// behind a # without a space, so that a line is taken by removing one character. What is
// required stands open, to be filled in.
func (c ConfigFile) Write(out io.Writer, app *kong.Application, node *kong.Node) error {
	var b strings.Builder
	comment(&b, fmt.Sprintf("Options of %s %s, for %s --config FILE.yaml.", app.Name, node.Name, usageOf(app, node)))
	comment(&b, "A line that begins with # and a name is an option with its default: remove the # to change it. "+
		"null is as if it were not given. A list is [one, two]. Flags of the command line win over the file, and one file may hold the options of several commands.")
	for _, g := range grouped(flagsOf(node), c.Groups) {
		c.group(&b, g)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (c ConfigFile) group(b *strings.Builder, g group) {
	title := fmt.Sprintf("\n# ---- %s ----\n", g.title)
	for _, f := range g.flags {
		if slices.Contains(c.Omit, f.Name) {
			continue
		}
		b.WriteString(title + "\n")
		title = ""
		text := c.Value(f.Value)
		if f.Enum != "" {
			text += " One of: " + strings.Join(wordsOf(f.Value), ", ") + "."
		}
		if isList(f) {
			text += " One or a list."
		}
		comment(b, text)
		name := strings.ReplaceAll(f.Name, "-", "_")
		if f.Required {
			comment(b, "Required: fill it in.")
			fmt.Fprintf(b, "%s:\n", name)
			continue
		}
		fmt.Fprintf(b, "#%s: %s\n", name, defaultOf(f))
	}
}

// defaultOf is the flag's default in YAML; null where it is left open.
func defaultOf(f *kong.Flag) string {
	kind := f.Target.Type().Kind()
	switch {
	case f.HasDefault && f.Default != "" && kind == reflect.String:
		return yamlText(f.Default)
	case f.HasDefault && f.Default != "":
		return f.Default
	case kind == reflect.Bool:
		return "false"
	}
	return "null"
}

// yamlText is a text, quoted where YAML would take it for something else.
func yamlText(text string) string {
	out, err := yaml.Marshal(text)
	if err != nil {
		panic(err) // a text is YAML
	}
	return strings.TrimSpace(string(out))
}

// usageOf is the command line that a file is for.
func usageOf(app *kong.Application, node *kong.Node) string {
	line := []string{app.Name, node.Name}
	for _, arg := range node.Positional {
		name := strings.ToUpper(arg.Name)
		if arg.IsCumulative() {
			name += "..."
		}
		line = append(line, name)
	}
	return strings.Join(line, " ")
}

// comment writes text as comment lines, broken between words.
func comment(b *strings.Builder, text string) {
	line := "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > configWidth && line != "#" {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
