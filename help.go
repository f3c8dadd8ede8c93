package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"cellvi/stages"
)

const about = `Latent embeddings of single cells with scVI's variational auto-encoder: counts in, Parquet out.`

// exitCode is stages', which knows the errors of every package.
func exitCode(err error) int { return stages.ExitCode(err) }

// groups order the flags in the help.
func groups() []kong.Group {
	return []kong.Group{
		{Key: "Input", Title: "Input:"}, {Key: "Output", Title: "Output:"}, {Key: "Cells and genes", Title: "Cells and genes:"},
		{Key: "Model", Title: "Model:"}, {Key: "Query", Title: "Query:"}, {Key: "Training", Title: "Training:"}, {Key: "Posterior", Title: "Posterior:"}, {Key: "Comparison", Title: "Comparison:"}, {Key: "General", Title: "General:"},
	}
}

// withDefault is a flag's help with its default, where it has one.
func withDefault(value *kong.Value) string {
	help := kong.DefaultHelpValueFormatter(value)
	if value.HasDefault && value.Default != "" {
		help = strings.TrimSuffix(value.Help, ".") + " (default " + value.Default + ")."
	}
	if value.Enum == "" {
		return help
	}
	return strings.ReplaceAll(help, value.Enum, strings.Join(value.EnumSlice(), ", "))
}

const exitCodes = `
Exit codes:
  0 done; 64 usage; 65 bad input; 66 input missing or unreadable; 70 a bug of cellvi; 73 cannot
  create output; 74 input/output error or disk full; 75 interrupted, run again; 76 training
  diverged; 137 over the memory budget
`

// printHelp is kong's help with examples and exit codes after it.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	command := ""
	if node := ctx.Selected(); node != nil {
		command = node.Name
		node.Detail = detailOf(command)
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	fmt.Fprint(ctx.Stdout, "\nExamples:"+examplesOf(command))
	_, err := fmt.Fprint(ctx.Stdout, exitCodes)
	return err
}
