package commandline

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// odd is a command line with what is awkward in shells, roff and YAML.
type odd struct {
	Level string `name:"level" enum:"low,high" default:"low" help:"How much: ${enum}." group:"General"`
	Do    struct {
		Path  []string `arg:"" name:"path" help:"Paths."`
		Quote string   `name:"quote" default:"it's: [a] \\ b" help:"It's [odd]: a \\ and 'quotes'. More of it."`
		Yes   string   `name:"yes" default:"yes" help:".start of a line."`
		Wait  bool     `name:"wait" negatable:"" default:"true" help:"Wait."`
		Dir   string   `name:"dir" short:"d" placeholder:"DIR" required:"" help:"Folder."`
		Blind string   `name:"blind" hidden:"" help:"Nobody sees it."`
	} `cmd:"" help:"Do it."`
	Secret struct{} `cmd:"" hidden:"" help:"Nobody sees it."`
}

func app(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&odd{}, kong.Name("odd"))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

func TestScripts(t *testing.T) {
	for name, c := range map[string]struct {
		write func(*bytes.Buffer, *kong.Application) error
		want  []string
	}{
		"bash": {func(b *bytes.Buffer, a *kong.Application) error { return Bash(b, a) },
			[]string{`"do --dir" | "do -d") _odd_paths -d; return ;;`, `do) _odd_paths -f; return ;;`, `"do --level") _odd_words 'low high'`, "--wait --no-wait"}},
		"zsh": {func(b *bytes.Buffer, a *kong.Application) error { return Zsh(b, a) },
			[]string{`'(--quote)--quote=[It'\''s \[odd\]\: a \ and '\''quotes'\'']:quote: '`, `'(--dir -d)-d+[Folder]:DIR:_files -/'`, `'*:path:_files'`, `[Not\: Wait]`}},
		"fish": {func(b *bytes.Buffer, a *kong.Application) error { return Fish(b, a) },
			[]string{`-l quote -r -f -d 'It\'s [odd]: a \\ and \'quotes\''`, `-l dir -s d -r -f -a '(__fish_complete_directories)'`, `-l no-wait -d 'Not: Wait'`}},
	} {
		var b bytes.Buffer
		if err := c.write(&b, app(t)); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %s in\n%s", name, want, b.String())
			}
		}
		if strings.Contains(b.String(), "ecret") || strings.Contains(b.String(), "blind") {
			t.Errorf("%s: what is hidden is there", name)
		}
	}
}

func TestConfigFile(t *testing.T) {
	const want = `# Options of odd do, for odd do PATH... --config FILE.yaml.
# A line that begins with # and a name is an option with its default: remove the # to change it.
# null is as if it were not given. A list is [one, two]. Flags of the command line win over the
# file, and one file may hold the options of several commands.

# ---- Flags ----

# It's [odd]: a \ and 'quotes'. More of it.
#quote: 'it''s: [a] \ b'

# .start of a line.
#yes: "yes"

# Wait.
#wait: true

# Folder.
# Required: fill it in.
dir:

# ---- Other ----

# How much: low,high. One of: low, high.
#level: low
`
	var b bytes.Buffer
	model := app(t)
	c := ConfigFile{Groups: []kong.Group{{Key: "General", Title: "Other:"}}, Value: func(v *kong.Value) string { return v.Help }, Omit: []string{"help"}}
	if err := c.Write(&b, model, model.Children[0]); err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
}

func TestManual(t *testing.T) {
	var b bytes.Buffer
	m := Manual{Version: "1", Date: "2026-01-02", About: "does it", Description: "One.\n\nTwo, θ ~ 'x'.\n\n  as it\n  .stands",
		Value: func(v *kong.Value) string { return v.Help }, Detail: func(*kong.Node) string { return "" }, Sections: []Section{{Title: "FILES", Items: []Item{{"a-b", "c"}}}}}
	if err := m.Write(&b, app(t)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".TH ODD 1 \"2026-01-02\" \"odd 1\"", "odd \\- does it\n", ".B odd do\n.RI PATH \"\\|.\\|.\\|. \" [ flags ]\n", ".SH DESCRIPTION\nOne.\n.PP\nTwo, \\[u03B8] \\(ti \\(aqx\\(aq.\n",
		".PP\n.RS 2\n.nf\nas it\n\\&.stands\n.fi\n.RE\n", "\\&.start of a line.\n", "a \\e and", "\\fB\\-d, \\-\\-dir\\fR=\\fIDIR\\fR\nFolder.\nRequired.\n", ".TP\n\\fBa\\-b\\fR\nc\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "Nobody") {
		t.Error("what is hidden is there")
	}
}
