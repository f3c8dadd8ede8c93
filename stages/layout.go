package stages

import "path/filepath"

// Layout names the files in a run's folder.
type Layout struct{ Dir string }

// Store is the folder of the cells store.
func (l Layout) Store() string { return filepath.Join(l.Dir, "store") }

// Prepared is the folder of what prepare decided.
func (l Layout) Prepared() string { return filepath.Join(l.Dir, "prepared") }

// Model is the folder of the trained model.
func (l Layout) Model() string { return filepath.Join(l.Dir, "model") }

// Checkpoint is the state of an unfinished training.
func (l Layout) Checkpoint() string { return filepath.Join(l.Dir, "checkpoint.safetensors") }

// History is the Parquet of losses per epoch.
func (l Layout) History() string { return filepath.Join(l.Dir, "history.parquet") }

// Genes is the Parquet of genes with what the model learned of them.
func (l Layout) Genes() string { return filepath.Join(l.Dir, "genes.parquet") }

// Latent is the Parquet of posterior means.
func (l Layout) Latent() string { return filepath.Join(l.Dir, "latent.parquet") }

// Reconstruction is the folder of the decoder's mean and dispersions.
func (l Layout) Reconstruction() string { return filepath.Join(l.Dir, "reconstruction") }

// Report is the page for people.
func (l Layout) Report() string { return filepath.Join(l.Dir, "report.html") }

// MultiQC is the loss by epoch for MultiQC, which takes one plot from a file.
func (l Layout) MultiQC() string { return filepath.Join(l.Dir, "cellvi_mqc.json") }

// MultiQCTable is the run's row of MultiQC's table: cells, genes, scores.
func (l Layout) MultiQCTable() string { return filepath.Join(l.Dir, "cellvi_table_mqc.json") }

// RunRecord is what ran: pipeline writes it, pipeline.ReadRun reads it.
func (l Layout) RunRecord() string { return filepath.Join(l.Dir, "run.json") }

// in is a file of the folder.
func (l Layout) in(name string) string { return filepath.Join(l.Dir, name) }

// or gives the override, or the default where none was given.
func or(override, fallback string) string {
	if override != "" {
		return override
	}
	return fallback
}
