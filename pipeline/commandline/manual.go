package commandline

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Manual is what a manual page tells beside the flags. Texts are paragraphs between
// empty lines; a paragraph that is indented stands as it is.
type Manual struct {
	Version, Date string
	About         string // one line
	Description   string
	Groups        []kong.Group                 // in the order of the help
	Value         func(v *kong.Value) string   // a flag's help, as in the help
	Detail        func(node *kong.Node) string // examples of a command; "" for none
	Sections      []Section                    // after the commands
}

// Section is a titled part of a manual page.
type Section struct {
	Title string
	Items []Item
	Text  string // after the items
}

// Item is a term and what it means.
type Item struct{ Term, Text string }

// Write writes the page in roff, with the macros of man(7).
func (m Manual) Write(out io.Writer, app *kong.Application) error {
	p := &page{}
	p.line(".TH %s 1 %q %q %q", strings.ToUpper(app.Name), m.Date, app.Name+" "+m.Version, "User Commands")
	p.line(".ad l") // flags are long words, which leave holes in lines of even length
	p.line(".SH NAME\n%s \\- %s", escaped(app.Name), escaped(m.About))
	p.line(".SH SYNOPSIS\n.B %s\n.I command\n.RI [ flags ]", escaped(app.Name))
	for _, node := range commands(app) {
		p.line(".br\n.B %s %s\n%s", escaped(app.Name), escaped(node.Name), synopsis(node))
	}
	p.title("SH", "DESCRIPTION")
	p.text(m.Description)
	p.title("SH", "COMMANDS")
	for _, node := range commands(app) {
		p.command(app, node, m)
	}
	p.title("SH", "GENERAL OPTIONS")
	p.text("These are flags of every command.")
	for _, g := range grouped(flagsOf(app.Node), m.Groups) {
		p.flags(g.flags, m.Value)
	}
	for _, s := range m.Sections {
		p.title("SH", s.Title)
		p.items(s.Items)
		p.text(s.Text)
	}
	_, err := io.WriteString(out, p.String())
	return err
}

// page is a manual page being written.
type page struct {
	strings.Builder
	open bool // there is text since the last title: a paragraph is to be begun
}

// title begins a section (SH) or a part of one (SS).
func (p *page) title(macro, title string) {
	p.line(".%s %s", macro, escaped(title))
	p.open = false
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// command is a command with its arguments and its own flags.
func (p *page) command(app *kong.Application, node *kong.Node, m Manual) {
	p.title("SS", app.Name+" "+node.Name)
	p.text(node.Help)
	for _, arg := range node.Positional {
		p.item(".I "+escaped(strings.ToUpper(arg.Name)), m.Value(arg))
	}
	common := map[string]bool{}
	for _, f := range flagsOf(app.Node) {
		common[f.Name] = true
	}
	for _, g := range grouped(flagsOf(node), m.Groups) {
		var own []*kong.Flag
		for _, f := range g.flags {
			if !common[f.Name] {
				own = append(own, f)
			}
		}
		if len(own) > 0 {
			p.line(".PP\n.B %s", escaped(g.title))
			p.flags(own, m.Value)
		}
	}
	if detail := m.Detail(node); detail != "" {
		p.text(detail)
	}
}

func (p *page) flags(flags []*kong.Flag, value func(*kong.Value) string) {
	for _, f := range flags {
		term := strings.Join(names(f), ", ")
		if f.Short != 0 {
			term = "-" + string(f.Short) + ", " + term
		}
		term = `\fB` + escaped(term) + `\fR`
		if !f.IsBool() {
			term += `=\fI` + escaped(f.FormatPlaceHolder()) + `\fR`
		}
		text := value(f.Value)
		if f.Required {
			text += " Required."
		}
		p.item(term, text)
	}
}

func (p *page) items(items []Item) {
	for _, i := range items {
		p.item(`\fB`+escaped(i.Term)+`\fR`, i.Text)
	}
}

// item is a term, ready for roff, and its text.
func (p *page) item(term, text string) {
	p.line(".TP\n%s\n%s", term, filled(text))
	p.open = true
}

// text is paragraphs.
func (p *page) text(text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph == "" {
			continue
		}
		if i > 0 || p.open {
			p.line(".PP")
		}
		p.open = true
		if !strings.HasPrefix(paragraph, " ") {
			p.line("%s", filled(paragraph))
			continue
		}
		p.line(".RS 2\n.nf")
		for _, line := range strings.Split(paragraph, "\n") {
			p.line("%s", plain(escaped(strings.TrimSpace(line))))
		}
		p.line(".fi\n.RE")
	}
}

// synopsis is a command's arguments.
func synopsis(node *kong.Node) string {
	words := []string{".RI"}
	for _, arg := range node.Positional {
		after := `" "`
		if arg.IsCumulative() {
			after = `"\|.\|.\|. "`
		}
		name := strings.ToUpper(arg.Name)
		if !arg.Required {
			name = "[" + name + "]"
		}
		words = append(words, escaped(name), after)
	}
	return strings.Join(append(words, "[ flags ]"), " ")
}

// roffWidth is how long a line of the source is at most, where words allow.
const roffWidth = 78

// filled is a text as lines of roff, a new one for each sentence; none of them is a
// request.
func filled(text string) string {
	var lines []string
	line := ""
	flush := func() {
		if line != "" {
			lines = append(lines, plain(line))
		}
		line = ""
	}
	for _, word := range strings.Fields(text) {
		word = escaped(word)
		if len(line)+1+len(word) > roffWidth {
			flush()
		}
		if line != "" {
			line += " "
		}
		line += word
		if strings.HasSuffix(word, ".") {
			flush()
		}
	}
	flush()
	return strings.Join(lines, "\n")
}

// plain keeps a line from being a request.
func plain(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}

// escaped is a text without roff's own characters. A hyphen is made one that can be
// copied; what is beyond ASCII is named by its number, which every output device knows.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r == '`':
			b.WriteString(`\(ga`)
		case r > 126:
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
