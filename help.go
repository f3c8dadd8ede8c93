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
	if !value.HasDefault || value.Default == "" {
		return kong.DefaultHelpValueFormatter(value)
	}
	return strings.TrimSuffix(value.Help, ".") + " (default " + value.Default + ")."
}

const examples = `
Examples:
  cellvi inspect cells.h5ad
  cellvi run --input cells.h5ad --batch-key sample --outdir results
  cellvi run --config run.yaml
  cellvi train --outdir results --max-epochs 100
  cellvi query results/model new.h5ad --outdir mapped
  cellvi de --outdir results --groupby cell_type --group1 'B cells'
`

const exitCodes = `
Exit codes:
  0 done; 64 usage; 65 bad input; 66 input missing or unreadable; 70 a bug of cellvi; 73 cannot
  create output; 74 input/output error or disk full; 75 interrupted, run again; 76 training
  diverged; 137 over the memory budget
`

// printHelp is kong's help with examples and exit codes after it.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if ctx.Selected() == nil || ctx.Selected().Name == "run" {
		fmt.Fprint(ctx.Stdout, examples)
	}
	_, err := fmt.Fprint(ctx.Stdout, exitCodes)
	return err
}
