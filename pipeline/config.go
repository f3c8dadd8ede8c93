package pipeline

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// ConfigFlag is a flag that names a run's YAML file: a mapping from flags'
// names (n-latent, or n_latent) to values. Flags of the command line win over
// it. Names of flags that the command does not have but another one has are
// checked and passed over, so that one file serves every stage.
type ConfigFlag string

// BeforeResolve reads the file when kong meets the flag.
func (ConfigFlag) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(ConfigFlag))
	config, err := ReadConfig(path, ctx.Model, ctx.Selected())
	if err != nil {
		return err
	}
	ctx.AddResolver(config)
	return nil
}

// Config is a run's YAML, as a kong.Resolver.
type Config struct {
	values map[string]any // by flag name; nil: the file leaves it open
}

// Validate is kong's; ReadConfig has done it.
func (*Config) Validate(*kong.Application) error { return nil }

// Resolve is kong's: the file's value for the flag, nil where it has none.
func (c *Config) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	return c.values[flag.Name], nil
}

// ReadConfig reads the file at path and checks every name and value against the
// flags of command, nil for none, and names that it does not have against those of
// app's other commands. Its error tells all mistakes at once, each with file and line.
func ReadConfig(path string, app *kong.Application, command *kong.Node) (*Config, error) {
	root, err := parseYAML(path)
	if err != nil {
		return nil, err
	}
	c := &Config{values: map[string]any{}}
	if root == nil {
		return c, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, Usage("%s:%d: expected a mapping of names to values, such as n_latent: 10", path, root.Line)
	}
	flags := allFlags(app, command)
	var faults []string
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if fault := c.set(flags, key.Value, value); fault != "" {
			faults = append(faults, fmt.Sprintf("%s:%d: %s: %s", path, key.Line, key.Value, fault))
		}
	}
	if len(faults) > 0 {
		return nil, Usage("%s", strings.Join(faults, "\n"))
	}
	return c, nil
}

// parseYAML gives the top node of the one document in a file; nil for an empty
// file.
func parseYAML(path string) (*yaml.Node, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Explain(err)
	}
	defer f.Close() // only read from
	var doc yaml.Node
	err = yaml.NewDecoder(f).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, Usage("%s: not YAML: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return doc.Content[0], nil
}

// set takes in one entry, or says what is wrong with it.
func (c *Config) set(flags map[string][]*kong.Flag, key string, node *yaml.Node) (fault string) {
	name := strings.ReplaceAll(key, "_", "-")
	if flags[name] == nil {
		return "no such name" + guess(flags, name)
	}
	if _, twice := c.values[name]; twice {
		return "is given twice"
	}
	c.values[name] = nil
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Tag == "!!null" {
		return ""
	}
	for _, flag := range flags[name] {
		if c.values[name], fault = valueFor(node, flag); fault == "" {
			break
		}
	}
	return fault
}

// valueFor reads a node for a flag.
func valueFor(node *yaml.Node, flag *kong.Flag) (value any, fault string) {
	value, fault = valueOf(node, flag.Target.Type())
	if fault == "" && flag.Enum != "" && !flag.EnumMap()[fmt.Sprint(value)] {
		fault = fmt.Sprintf("is %q, not one of %s", node.Value, strings.ReplaceAll(flag.Enum, ",", ", "))
	}
	return value, fault
}

// valueOf reads a node as the flag's type, in a form that kong takes.
func valueOf(node *yaml.Node, t reflect.Type) (value any, fault string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		t = reflect.TypeFor[string]()
	}
	if t.Kind() == reflect.Slice {
		return listOf(node, t.Elem())
	}
	if node.Kind != yaml.ScalarNode {
		return nil, "needs " + kindName(t) + ", got a list or a mapping"
	}
	target := reflect.New(t)
	err := node.Decode(target.Interface())
	cut := (target.Elem().CanInt() || target.Elem().CanUint()) && node.ShortTag() == "!!float" // yaml would cut 1.5 to 1
	if err != nil || cut {
		return nil, fmt.Sprintf("needs %s, got %q", kindName(t), node.Value)
	}
	return target.Elem().Interface(), ""
}

// listOf reads a list; a single value is a list of one.
func listOf(node *yaml.Node, t reflect.Type) (value any, fault string) {
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	list := []any{}
	for _, item := range items {
		v, fault := valueOf(item, t)
		if fault != "" {
			return nil, fault
		}
		list = append(list, v)
	}
	return list, ""
}

func kindName(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "a text"
	case reflect.Zero(t).CanFloat():
		return "a number"
	case reflect.Zero(t).CanUint():
		return "a whole number that is not negative"
	}
	return "a whole number"
}

// allFlags are the flags of every command by name, but for those that make no
// sense in a file. Commands may have flags of one name that take different values: of
// those of the given command there is one, of the others each.
func allFlags(app *kong.Application, command *kong.Node) map[string][]*kong.Flag {
	flags := map[string][]*kong.Flag{}
	for _, node := range append(app.Leaves(true), app.Node) {
		for _, flag := range node.Flags {
			flags[flag.Name] = append(flags[flag.Name], flag)
		}
	}
	if command != nil {
		for _, flag := range command.Flags {
			flags[flag.Name] = []*kong.Flag{flag}
		}
	}
	for _, name := range NotInConfig() {
		delete(flags, name)
	}
	return flags
}

// NotInConfig are the flags that make no sense in a file.
func NotInConfig() []string { return []string{"help", "version", "config", "dry-run"} }
