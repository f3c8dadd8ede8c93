package main

import (
	"github.com/alecthomas/kong"

	"cellvi/pipeline/commandline"
)

// written is the day of the manual page: of what it says beside the flags.
const written = "2026-11-21"

const description = `cellvi reads tables of counts of single cells (AnnData, 10x, mtx, loom, Arrow, Parquet, CSV), chooses genes, trains scVI's
variational auto-encoder, and writes the latent embedding and the reconstruction to Parquet. Model, names of options, defaults and
numbers are those of scvi-tools.

It is made to stand behind a step of a workflow: files in, files out, an exit code. Results go to files, what was asked for to
standard output, all talk to standard error. A file appears under its final name only when it is whole. The same arguments give
the same bytes, for any number of threads. A run that was stopped goes on where it was when the same command is given again;
stages that are done are not done again as long as their options and inputs are the same.

Every command takes its options from a file too (--config); cellvi config prints one with all of them.`

// manual is what the page says beside the flags.
func manual() commandline.Manual {
	return commandline.Manual{
		Version: version, Date: written, About: "latent embeddings of single cells by scVI's auto-encoder",
		Description: description, Groups: groups(), Value: withDefault,
		Detail: func(node *kong.Node) string {
			return detailOf(node.Name) + "\n\nFor example:\n\n" + examplesOf(node.Name)
		},
		Sections: []commandline.Section{
			{Title: "FILES", Items: files(), Text: "All are in the folder that --outdir names, results where it is not given."},
			{Title: "EXIT STATUS", Items: exitStatus(), Text: "Workflow engines commonly retry 130 to 145: only 137 is among them, and more memory is what helps there."},
			{Title: "ENVIRONMENT", Items: environment()},
			{Title: "EXAMPLES", Text: examples},
			{Title: "SEE ALSO", Text: "README.md and docs/ of the source, and the manual of scvi-tools."},
		},
	}
}

// files are what runs write.
func files() []commandline.Item {
	return []commandline.Item{
		{Term: "latent.parquet", Text: "the posterior means of every kept cell (run, embed, query, gather)"},
		{Term: "reconstruction/", Text: "the decoder's mean, px_rate.parquet or px_scale.parquet, and px_r.parquet, px_dropout.parquet where the likelihood has them (run, reconstruct, gather)"},
		{Term: "genes.parquet", Text: "of each gene: whether it was selected, and why, and what was learned of it (run, train, query)"},
		{Term: "history.parquet", Text: "the losses of each epoch (run, train, query)"},
		{Term: "model/", Text: "the trained model: model.safetensors and model.json (run, train, query, import)"},
		{Term: "posterior/", Text: "what posterior was asked for"},
		{Term: "de.parquet", Text: "differential expression (de)"},
		{Term: "check.parquet, check.json", Text: "how far each cell's posterior can be trusted, and what to do (check, run --check)"},
		{Term: "report.html", Text: "the report for people (run, report)"},
		{Term: "cellvi_mqc.json, cellvi_table_mqc.json", Text: "the same for MultiQC: curves, and a row of a table (run, report)"},
		{Term: "run.json", Text: "what ran: versions, arguments, checksums of inputs and outputs, warnings, durations, memory"},
		{Term: "store/", Text: "the counts, for the later stages (run, ingest, query)"},
		{Term: "prepared/", Text: "which cells and genes the model sees, codes of the covariates, the split (run, prepare, query)"},
		{Term: "checkpoint.safetensors", Text: "the state of an unfinished training, from which the same command goes on"},
	}
}

// exitStatus is what each exit code means.
func exitStatus() []commandline.Item {
	return []commandline.Item{
		{Term: "0", Text: "done"},
		{Term: "64", Text: "wrong flags or configuration"},
		{Term: "65", Text: "bad input: the message says where in the file"},
		{Term: "66", Text: "an input is missing or cannot be read"},
		{Term: "70", Text: "a bug of cellvi: please report it"},
		{Term: "73", Text: "an output cannot be made"},
		{Term: "74", Text: "input or output failed, or the disk is full"},
		{Term: "75", Text: "interrupted, the state is saved: run the same command again"},
		{Term: "76", Text: "training diverged"},
		{Term: "137", Text: "by an estimate, would not fit the memory budget (--memory)"},
	}
}

// environment is every variable that is looked at.
func environment() []commandline.Item {
	return []commandline.Item{
		{Term: "CELLVI_DEBUG", Text: "set: log everything, and where a bug is met show its stack"},
		{Term: "CELLVI_PYTHON", Text: "the Python that has scvi-tools, for export and import"},
		{Term: "HDF5_PLUGIN_PATH", Text: "folder of filters that libhdf5 does not have itself, such as Blosc's"},
		{Term: "NO_COLOR", Text: "set: no colours on a terminal"},
		{Term: "TMPDIR", Text: "folder for what export and import exchange with Python"},
	}
}
