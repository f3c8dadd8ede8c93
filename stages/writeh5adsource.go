package stages

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// defaultObsmKey is what scvi-tools' users call it.
const defaultObsmKey = "X_scVI"

// h5adSource is what --write-h5ad copies.
type h5adSource struct {
	path       string // "": nothing, a new file is made of the store
	named      bool   // by --from
	why        string // a new file is made
	sum        string // SHA-256 of the file that was ingested; "": not known
	makeUnique bool   // names were made unique when it was ingested
}

// Preflight finds what --write-h5ad is to copy, for Plan, and what is in its way,
// before anything long is begun. Without --write-h5ad it does nothing.
func (s *Embed) Preflight(ctx context.Context, job *pipeline.Job) error {
	if s.Options.WriteH5AD == "" {
		return nil
	}
	found, err := s.findSource()
	if err != nil {
		return err
	}
	s.copied = found
	if found.path == "" {
		return nil
	}
	if sameFile(found.path, s.Options.WriteH5AD) {
		return pipeline.Usage("--write-h5ad is %s, which is the input: name another file, for the input is never touched", s.Options.WriteH5AD)
	}
	t, err := openTarget(ctx, found.path, s.additions(0, covariates{BatchKey: "?", LabelsKey: "?"}), meansOf(job))
	if err != nil {
		return err
	}
	t.close()
	if t.Format == formatH5AD {
		return nil
	}
	if found.named {
		return notCopied(found.path, t.Format)
	}
	s.copied = &h5adSource{why: "the input is " + string(t.Format)}
	return nil
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

func notCopied(path string, is format) error {
	return pipeline.BadInput("%s: is no .h5ad (%s), and nothing can be added to it: leave --from out, or name the cells store with it, to write a new .h5ad", path, is)
}

// findSource goes by --from, else by what was ingested in the same run or is on record.
func (s *Embed) findSource() (*h5adSource, error) {
	if s.Options.From != "" {
		return s.fromFlag()
	}
	in, err := s.ingested()
	if err != nil {
		return nil, err
	}
	if in.path == "" {
		return in, nil
	}
	kind, err := formatOf(in.path)
	if err != nil {
		return nil, err
	}
	if kind != formatHDF5 { // which kind of HDF5, a child finds out
		return &h5adSource{why: "the input is " + string(kind)}, nil
	}
	return in, nil
}

func (s *Embed) fromFlag() (*h5adSource, error) {
	path := s.Options.From
	if err := pipeline.CheckInput(path); err != nil {
		return nil, err
	}
	kind, err := formatOf(path)
	switch {
	case err != nil:
		return nil, err
	case kind == formatStore && !sameFile(storeFolder(path), s.Store()):
		return nil, pipeline.Usage("--from is a cells store, %s, but not the one that is embedded, %s", path, s.Store())
	case kind == formatStore:
		return &h5adSource{why: "--from is the cells store"}, nil
	case kind != formatHDF5:
		return nil, notCopied(path, kind)
	}
	in, err := s.ingested()
	return &h5adSource{path: path, named: true, makeUnique: err == nil && in.makeUnique}, nil
}

// storeFolder is the folder of a store that is named by its cells.arrow, too.
func storeFolder(path string) string {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return filepath.Dir(path)
	}
	return path
}

// ingested is the one input that the store was made from, of whatever format; no
// path where there were several.
func (s *Embed) ingested() (*h5adSource, error) {
	if s.Ingest == nil {
		return s.onRecord()
	}
	if len(s.Ingest.Input) != 1 {
		return severalInputs(s.Ingest.MakeUnique), nil
	}
	return &h5adSource{path: s.Ingest.Input[0], makeUnique: s.Ingest.MakeUnique}, nil
}

func severalInputs(makeUnique bool) *h5adSource {
	return &h5adSource{why: "there were several inputs (--from copies one of them)", makeUnique: makeUnique}
}

// onRecord is ingested as the run.json beside the store tells it.
func (s *Embed) onRecord() (*h5adSource, error) {
	dir := filepath.Dir(filepath.Clean(s.Store()))
	unknown := pipeline.Usage("--write-h5ad: %s does not tell which file the store was made from: name it with --from, or name the store, %s, to write a new .h5ad",
		filepath.Join(dir, pipeline.RecordFile), s.Store())
	record, err := pipeline.ReadRun(dir)
	if err != nil {
		return nil, err
	}
	entry := record.Stage("ingest")
	if entry == nil || len(entry.Inputs) == 0 {
		return nil, unknown
	}
	var args struct {
		MakeUnique bool     `json:"make_unique"`
		Labels     []string `json:"labels"` // of several inputs
	}
	if json.Unmarshal(entry.Args, &args) != nil {
		return nil, unknown
	}
	if len(args.Labels) > 0 {
		return severalInputs(args.MakeUnique), nil
	}
	in := entry.Inputs[0] // the files of --obs and --var stand after it
	for _, path := range []string{filepath.Join(dir, in.Path), in.Path} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return &h5adSource{path: path, sum: in.SHA256, makeUnique: args.MakeUnique}, nil
		}
	}
	return nil, pipeline.NoInput("--write-h5ad: %s, which the store was made from, is not there any more: name it with --from, or name the store, %s, to write a new .h5ad",
		counts.Printable(in.Path), s.Store())
}
