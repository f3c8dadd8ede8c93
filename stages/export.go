package stages

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"cellvi/io/store"
	"cellvi/model"
	"cellvi/pipeline"
)

// ExportOptions say for whom a model is written, and what of the user's AnnData the
// model itself does not tell.
type ExportOptions struct {
	To            string   `json:"to" name:"to" enum:"scvi-tools" default:"scvi-tools" placeholder:"NAME" help:"Who is to load it: ${enum}." group:"Output"`
	Layer         string   `json:"layer" name:"layer" placeholder:"NAME" help:"The AnnData's layer that holds the counts. Not given: X." group:"Output"`
	NumericLevels []string `json:"numeric_levels" name:"numeric-levels" sep:"none" placeholder:"COLUMN" help:"This covariate's column of obs holds numbers, not text. Repeat for several." group:"Output"`
	NoHistory     bool     `json:"no_history" name:"no-history" help:"Leave the history of the losses out." group:"Output"`
	SplitIndices  bool     `json:"split_indices" name:"split-indices" help:"Write which cells were trained on and which held out, by their row of the AnnData: store and prepared must hold its cells." group:"Output"`
	BridgeOptions `embed:""`
}

// Export writes a model as scvi-tools' load opens it. Empty paths mean Layout's.
type Export struct {
	Layout
	StorePath, PreparedPath, ModelPath, HistoryPath string
	Target                                          string // the folder to write
	Options                                         ExportOptions
}

// Name is the subcommand.
func (s *Export) Name() string { return "export" }

// Store is the folder of counts that was trained on.
func (s *Export) Store() string { return or(s.StorePath, s.Layout.Store()) }

// Prepared is the folder that says which cells were held out.
func (s *Export) Prepared() string { return or(s.PreparedPath, s.Layout.Prepared()) }

// Model is the folder of the model to write.
func (s *Export) Model() string { return or(s.ModelPath, s.Layout.Model()) }

// History is the Parquet of its losses.
func (s *Export) History() string { return or(s.HistoryPath, s.Layout.History()) }

// Plan reads model and history, for the split store and prepared too, and writes
// the folder Target.
func (s *Export) Plan() pipeline.Plan {
	inputs := []string{s.Model()}
	if !s.Options.NoHistory {
		inputs = append(inputs, s.History())
	}
	if s.Options.SplitIndices {
		inputs = append(inputs, s.Store(), s.Prepared())
	}
	return pipeline.Plan{
		Inputs:  inputs,
		Outputs: []string{filepath.Clean(s.Target)},
		Folders: map[string][]string{filepath.Clean(s.Target): {scviFile}},
		Args:    s.Options,
	}
}

// scviFile is the file that scvi-tools saves a model in.
const scviFile = "model.pt"

// exportRequest is what the script's export wants to know.
type exportRequest struct {
	bridgeForm
	Threads    int     `json:"threads"`
	Out        string  `json:"out"`
	Tensors    string  `json:"tensors"`
	Cells      int     `json:"cells"`      // trained on and held out; 0: not known
	Train      []int32 `json:"train"`      // their rows, nil: not known
	Validation []int32 `json:"validation"` // likewise
}

// Run has the script make the model in scvi-tools and save it.
func (s *Export) Run(ctx context.Context, job *pipeline.Job) error {
	_, card, err := readModel(s.Model())
	if err != nil {
		return err
	}
	if of := card.Config.Posterior; of != model.Diagonal {
		return pipeline.BadInput("%s: its posterior is %s, and scvi-tools' encoder has a diagonal Gaussian alone: train with --posterior diag to export", s.Model(), of)
	}
	request := exportRequest{bridgeForm: card.bridged(), Threads: job.Threads}
	request.Layer = s.Options.Layer
	if err := request.setKinds(job, card.LevelKinds, s.Options.NumericLevels); err != nil {
		return err
	}
	if err := s.history(&request); err != nil {
		return err
	}
	if err := s.split(&request); err != nil {
		return err
	}
	if request.Tensors, err = filepath.Abs(filepath.Join(s.Model(), "model.safetensors")); err != nil {
		return err
	}
	err = pipeline.PublishDir(s.Target, func(dir string) error { return s.write(ctx, job, &request, dir) })
	if err == nil {
		job.Note("load it with scvi.model.%s.load(%q, adata), where adata has the model's %d genes in its order (docs/scvi-tools.md)",
			card.Config.Model, s.Target, len(card.Genes))
	}
	return err
}

func (s *Export) write(ctx context.Context, job *pipeline.Job, request *exportRequest, dir string) (err error) {
	b, err := openBridge(s.Options.BridgeOptions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if request.Out, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := b.call(ctx, job, "export", request, &struct{}{}); err != nil {
		return err
	}
	_, err = os.Stat(filepath.Join(dir, scviFile))
	return err
}

// history reads the losses.
func (s *Export) history(request *exportRequest) (err error) {
	request.History = map[string][]*float64{"epoch": {}}
	if !s.Options.NoHistory {
		request.History, err = historyForm(s.History())
	}
	return err
}

// split tells which cells were trained on, by row of the AnnData.
func (s *Export) split(request *exportRequest) error {
	if !s.Options.SplitIndices {
		return nil
	}
	st, err := store.Open(s.Store())
	if err != nil {
		return err
	}
	defer st.Close() // nothing was written to it
	p, err := readPrepared(s.Prepared(), st)
	if err != nil {
		return err
	}
	if n := st.LeftOut(); n > 0 {
		return pipeline.Usage("--split-indices: %d cells were left out when %s was made, so that its rows are not the AnnData's: leave the flag out", n, s.Store())
	}
	request.Cells, request.Train, request.Validation = st.Cells(), []int32{}, []int32{}
	for i, part := range p.Split {
		switch part {
		case toTrain:
			request.Train = append(request.Train, p.Row[i])
		case toValidate:
			request.Validation = append(request.Validation, p.Row[i])
		}
	}
	return nil
}
