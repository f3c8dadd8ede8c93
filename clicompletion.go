package main

import (
	"slices"

	"github.com/alecthomas/kong"

	"cellvi/pipeline"
	"cellvi/pipeline/commandline"
)

type completionCommand struct {
	Shell string `arg:"" name:"shell" enum:"bash,zsh,fish" help:"Shell to complete in: ${enum}."`
}

// Run prints the script.
func (c *completionCommand) Run(a *app, ctx *kong.Context) error {
	switch c.Shell {
	case "zsh":
		return commandline.Zsh(a.stdout, ctx.Model)
	case "fish":
		return commandline.Fish(a.stdout, ctx.Model)
	}
	return commandline.Bash(a.stdout, ctx.Model)
}

type manCommand struct{}

// Run prints the page.
func (*manCommand) Run(a *app, ctx *kong.Context) error {
	return manual().Write(a.stdout, ctx.Model)
}

type configCommand struct {
	Command string `arg:"" optional:"" name:"command" default:"run" enum:"run,ingest,prepare,train,embed,query,reconstruct,gather,posterior,check,export,import,de,rank-genes,anomaly,factor,report,inspect,simulate" help:"Command to print the options of: ${enum}."`
}

// Run prints the file.
func (c *configCommand) Run(a *app, ctx *kong.Context) error {
	i := slices.IndexFunc(ctx.Model.Children, func(n *kong.Node) bool { return n.Name == c.Command })
	return configFile().Write(a.stdout, ctx.Model, ctx.Model.Children[i])
}

// configFile is how cellvi config writes: with the defaults beside, not in, the help.
func configFile() commandline.ConfigFile {
	return commandline.ConfigFile{Groups: groups(), Omit: pipeline.NotInConfig(),
		Value: func(v *kong.Value) string { return v.Help }}
}
