// Command cellvi reads single-cell count matrices, trains scVI's variational
// auto-encoder on them, and writes latent embeddings and reconstruction
// parameters.
//
//	files ──ingest──▶ cells store ──prepare──▶ genes, cells ──train──▶ model ──embed──▶ latent.parquet
//	                                                                    │──reconstruct──▶ reconstruction/
//	                                                                    └──report──▶ report.html
//
// Each arrow is a stage and a subcommand; `cellvi run` is the stages in a row.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"cellvi/pipeline"
	"cellvi/stages"
)

// version is what --version prints. A variable, so that a build can set it:
// go build -ldflags "-X main.version=0.2.0".
var version = "0.1.0"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program: arguments in, data on stdout, talk on stderr, exit code.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == "--version" { // asked often by workflows: no need of the rest
		fmt.Fprintln(stdout, version)
		return pipeline.ExitDone
	}
	signal.Ignore(syscall.SIGPIPE) // nobody listening to the talk is no reason to stop
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() { // ends with the process
		<-ctx.Done()
		stop() // so that a second signal ends cellvi at once
	}()
	a := &app{ctx: ctx, args: args, stdout: stdout, stderr: stderr}
	return a.exit(pipeline.Guard(a.run))
}

// stages is the story: what `cellvi run` does.
func (c *runCommand) stages() []pipeline.Stage {
	at := stages.Layout{Dir: c.Folder.Outdir}
	embed, reconstruct := &stages.Embed{Layout: at, Options: c.Embed, Ingest: &c.Ingest, Seed: c.Shared.Seed}, &stages.Reconstruct{Layout: at, Options: c.Reconstruct}
	train := &stages.Train{Layout: at, Options: c.Train, Shared: c.Shared, Then: []stages.Afterwards{embed}}
	list := []pipeline.Stage{
		&stages.Ingest{Layout: at, Options: c.Ingest, Keys: c.keys(), Numbers: c.Prepare.ContinuousCovariateKeys, Factor: c.Prepare.SizeFactorKey},
		&stages.Prepare{Layout: at, Options: c.Prepare, Shared: c.Shared},
		train, embed,
	}
	if !c.NoReconstruct {
		train.Then = append(train.Then, reconstruct)
		list = append(list, reconstruct)
	}
	report := &stages.Report{Layout: at, Options: c.Report}
	if c.Check {
		check := &stages.Check{Layout: at, HistoryPath: at.History(), Options: c.checkOptions()}
		train.Then = append(train.Then, check)
		list = append(list, check)
		report.CheckPath = at.CheckSummary()
	}
	return append(list, report)
}
