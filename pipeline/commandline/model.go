package commandline

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// values is what a flag or an argument takes.
type values int

// What there is to offer for them.
const (
	anything values = iota // nothing is known
	none                   // a switch
	words                  // one of a list
	files                  // a file or a folder
	folders
)

// takes tells what to offer for a value. Placeholders say which are paths: FILE,
// FILE.yaml, DIR.
func takes(v *kong.Value, placeholder string) values {
	switch {
	case v.IsBool():
		return none
	case v.Enum != "":
		return words
	case strings.HasPrefix(placeholder, "DIR"):
		return folders
	case strings.HasPrefix(placeholder, "FILE") || strings.HasPrefix(placeholder, "PATH"):
		return files
	}
	return anything
}

// wordsOf are the values of an enum, without the empty one.
func wordsOf(v *kong.Value) []string {
	return slices.DeleteFunc(v.EnumSlice(), func(s string) bool { return s == "" })
}

// commands are those to show.
func commands(app *kong.Application) []*kong.Node {
	return slices.DeleteFunc(slices.Clone(app.Children), func(n *kong.Node) bool { return n.Hidden })
}

// flagsOf are a command's own flags and those of every command, none of them hidden.
func flagsOf(node *kong.Node) (list []*kong.Flag) {
	for _, of := range node.AllFlags(true) {
		list = append(list, of...)
	}
	slices.SortStableFunc(list, func(a, b *kong.Flag) int { return common(a) - common(b) })
	return list
}

// common sorts the flags that tell of the program, not of the work, to the end.
func common(f *kong.Flag) int {
	if f.Name == "help" || f.Name == "version" {
		return 1
	}
	return 0
}

// names are the ways to write a flag: --outdir, and for a switch that can be turned
// off --no-… too.
func names(f *kong.Flag) []string {
	list := []string{"--" + f.Name}
	if f.Tag.Negatable != "" {
		list = append(list, "--no-"+f.Name)
	}
	return list
}

// repeats tells whether a flag may be given more than once.
func repeats(f *kong.Flag) bool { return f.IsSlice() || f.IsCounter() }

// brief is the first sentence of a help text, without its full stop.
func brief(help string) string {
	first, _, _ := strings.Cut(strings.ReplaceAll(help, "\n", " "), ". ")
	return strings.TrimSuffix(first, ".")
}

// group is flags that stand together in the help.
type group struct {
	title string
	flags []*kong.Flag
}

// grouped puts a command's flags in the order of groups; first those in none.
func grouped(flags []*kong.Flag, order []kong.Group) (list []group) {
	of := map[string][]*kong.Flag{}
	for _, f := range flags {
		key := ""
		if f.Group != nil {
			key = f.Group.Key
		}
		of[key] = append(of[key], f)
	}
	for _, g := range append([]kong.Group{{Title: "Flags:"}}, order...) {
		if len(of[g.Key]) > 0 {
			list = append(list, group{strings.TrimSuffix(g.Title, ":"), of[g.Key]})
		}
	}
	return list
}

// isList tells whether a flag takes several values.
func isList(f *kong.Flag) bool { return f.Target.Kind() == reflect.Slice }
