package commandline

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// zshHead is a function of zsh's completion system: it works as a file _cellvi in
// fpath, and sourced.
const zshHead = `#compdef %[1]s
# completion of %[1]s for zsh; for this shell, after compinit: source <(%[1]s completion zsh)
_%[1]s() {
	local curcontext=$curcontext state line
	local -a commands
	typeset -A opt_args
	commands=(
%[2]s	)
	_arguments -C -S %[3]s \
		'1: :->command' '*:: :->arguments'
	case $state in
	command) _describe -t commands 'command' commands ;;
	arguments)
		case $words[1] in
`

const zshTail = `		esac
		;;
	esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
	_%[1]s "$@"
else
	compdef _%[1]s %[1]s
fi
`

// Zsh writes the completion script for zsh.
func Zsh(out io.Writer, app *kong.Application) error {
	var list, text strings.Builder
	for _, node := range commands(app) {
		fmt.Fprintf(&list, "\t\t%s\n", quoted(strings.ReplaceAll(node.Name, ":", `\:`)+":"+brief(node.Help)))
	}
	fmt.Fprintf(&text, zshHead, app.Name, list.String(), zshFlags(flagsOf(app.Node)))
	for _, node := range commands(app) {
		fmt.Fprintf(&text, "\t\t%s) _arguments -S %s%s ;;\n", node.Name, zshFlags(flagsOf(node)), zshArguments(node))
	}
	fmt.Fprintf(&text, zshTail, app.Name)
	_, err := io.WriteString(out, text.String())
	return err
}

// zshFlags are the specs of flags, as _arguments takes them.
func zshFlags(flags []*kong.Flag) string {
	var specs []string
	for _, f := range flags {
		all := names(f)
		if f.Short != 0 {
			all = append(all, "-"+string(f.Short))
		}
		for _, name := range all {
			spec := "(" + strings.Join(all, " ") + ")"
			if repeats(f) {
				spec = "*"
			}
			specs = append(specs, quoted(spec+name+zshValue(name, f)))
		}
	}
	return strings.Join(specs, " ")
}

// zshValue is a flag's help, and what it takes: in the same word or the next.
func zshValue(name string, f *kong.Flag) string {
	help := brief(f.Help)
	if strings.HasPrefix(name, "--no-") && f.Tag.Negatable != "" {
		help = "Not: " + help
	}
	help = "[" + strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`).Replace(help) + "]"
	action := zshAction(f.Value, f.PlaceHolder)
	if action == "" {
		return help
	}
	glue := "="
	if !strings.HasPrefix(name, "--") {
		glue = "+"
	}
	return glue + help + ":" + zshLabel(f.PlaceHolder, f.Name) + ":" + action
}

// zshAction is what offers values; "" for a switch.
func zshAction(v *kong.Value, placeholder string) string {
	switch takes(v, placeholder) {
	case none:
		return ""
	case words:
		return "(" + strings.Join(wordsOf(v), " ") + ")"
	case files:
		return "_files"
	case folders:
		return "_files -/"
	}
	return " "
}

// zshArguments are the specs of what is no flag.
func zshArguments(node *kong.Node) (specs string) {
	for i, arg := range node.Positional {
		place := fmt.Sprint(i + 1)
		if arg.IsCumulative() {
			place = "*"
		}
		specs += " " + quoted(place+":"+zshLabel(arg.Name, arg.Name)+":"+zshAction(arg, or(arg.Tag.PlaceHolder, "FILE")))
	}
	return specs
}

func zshLabel(placeholder, name string) string {
	return strings.ReplaceAll(or(placeholder, name), ":", `\:`)
}

// quoted is text as one word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
