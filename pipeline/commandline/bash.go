package commandline

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// bashHead finds the command, and the flag whose value is asked for: `--flag value`,
// or `--flag=value`, which readline hands over as three words.
const bashHead = `# completion of %[1]s for bash; for this shell: source <(%[1]s completion bash)
_%[1]s() {
	local current=${COMP_WORDS[COMP_CWORD]} flag= command= prefix= word skip= i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ -n $skip ]]; then
			skip=
			if [[ $word == = ]]; then skip=yes; fi
			continue
		fi
		case $word in
		%[2]s) skip=yes ;;
		-*) ;;
		*)
			command=$word
			break
			;;
		esac
	done
	if [[ $current == = ]]; then
		flag=${COMP_WORDS[COMP_CWORD - 1]} current=
	elif ((COMP_CWORD > 1)); then
		flag=${COMP_WORDS[COMP_CWORD - 1]}
		if [[ $flag == = ]]; then flag=${COMP_WORDS[COMP_CWORD - 2]}; fi
	fi
	if [[ $current == --*=* ]]; then # where = does not part words
		flag=${current%%%%=*} prefix=${current%%%%=*}= current=${current#*=}
	fi
	case "$command $flag" in
`

// bashTail offers what the tables say. compopt is bash's, and only while it completes.
const bashTail = `	esac
	if [[ $current != -* ]]; then
		case $command in
%s		esac
	fi
	case $command in
%s	esac
}
_%[3]s_words() {
	mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$1" -- "$current")
}
_%[3]s_paths() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -P "$prefix" "$1" -- "$current")
}
complete -F _%[3]s %[3]s
`

// Bash writes the completion script for bash 4 and later.
func Bash(out io.Writer, app *kong.Application) error {
	var values, arguments, flags strings.Builder
	row := func(to *strings.Builder, pattern, do string) { fmt.Fprintf(to, "\t%s) %s; return ;;\n", pattern, do) }
	list := commands(app)
	row(&arguments, "\t''", bashWords(app.Name, nodeNames(list)))
	row(&flags, "''", bashWords(app.Name, flagNames(app.Node)))
	for _, node := range list {
		for _, f := range flagsOf(node) {
			if do := bashValue(app.Name, f.Value, f.PlaceHolder); do != "" {
				row(&values, bashFlag(node.Name, f), do)
			}
		}
		do := ":"
		if arg := node.Positional; len(arg) > 0 {
			do = bashValue(app.Name, arg[len(arg)-1], or(arg[len(arg)-1].Tag.PlaceHolder, "FILE"))
		}
		row(&arguments, "\t"+node.Name, do)
		row(&flags, node.Name, bashWords(app.Name, flagNames(node)))
	}
	for _, f := range flagsOf(app.Node) {
		if do := bashValue(app.Name, f.Value, f.PlaceHolder); do != "" {
			row(&values, bashFlag("", f), do)
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, bashHead, app.Name, strings.Join(valued(app.Node), "|"))
	text.WriteString(values.String())
	fmt.Fprintf(&text, bashTail, arguments.String(), flags.String(), app.Name)
	_, err := io.WriteString(out, text.String())
	return err
}

// bashFlag is the pattern of a command and a flag of its.
func bashFlag(command string, f *kong.Flag) string {
	pattern := fmt.Sprintf("%q", command+" --"+f.Name)
	if f.Short != 0 {
		pattern += fmt.Sprintf(" | %q", command+" -"+string(f.Short))
	}
	return pattern
}

// bashValue is what offers the values of a flag or an argument; "" for a switch.
func bashValue(app string, v *kong.Value, placeholder string) string {
	switch takes(v, placeholder) {
	case none:
		return ""
	case words:
		return bashWords(app, wordsOf(v))
	case files:
		return "_" + app + "_paths -f"
	case folders:
		return "_" + app + "_paths -d"
	}
	return ":"
}

func bashWords(app string, list []string) string {
	return fmt.Sprintf("_%s_words '%s'", app, strings.Join(list, " "))
}

// flagNames are all that can be written of a node's flags.
func flagNames(node *kong.Node) (list []string) {
	for _, f := range flagsOf(node) {
		list = append(list, names(f)...)
	}
	return list
}

// valued are the flags of a node that take a value, which is no command's name.
func valued(node *kong.Node) (list []string) {
	for _, f := range flagsOf(node) {
		if f.IsBool() {
			continue
		}
		list = append(list, "--"+f.Name)
		if f.Short != 0 {
			list = append(list, "-"+string(f.Short))
		}
	}
	return list
}

func nodeNames(list []*kong.Node) (names []string) {
	for _, n := range list {
		names = append(names, n.Name)
	}
	return names
}

// or is the first of two that is not empty.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
