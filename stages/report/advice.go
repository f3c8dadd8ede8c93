package report

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// advice is something that looks wrong, and what to do about it.
type advice struct{ What, Do string }

// manyLeftOut is the share of the cells that nobody leaves out unawares.
const manyLeftOut = 0.2

// advise says what to do next: only what applies to this run.
func (d *Data) advise() (all []advice) {
	for _, rule := range []func() []advice{
		d.adviseTraining, d.adviseWeight, d.adviseBatches, d.adviseLabels, d.adviseInput, d.adviseLatent, d.advisePosterior,
	} {
		all = append(all, rule()...)
	}
	return all
}

func (d *Data) adviseTraining() []advice {
	v, _ := d.History.judge()
	n := d.History.Epochs()
	switch {
	case n == 0:
		return nil
	case v == diverged:
		return []advice{{"Training diverged.", "Lower --lr, to a third of what it was, or look for extreme values in the counts."}}
	case v == tooShort:
		return []advice{{"There were too few epochs to judge.", fmt.Sprintf("Train longer: --max-epochs %d.", d.longer())}}
	case v == falling && d.stoppedEarly():
		return []advice{{"The losses still fell when early stopping ended the training.", fmt.Sprintf("Give it more patience: --early-stopping-patience %d.", 2*d.patience())}}
	case v == falling:
		return []advice{{"Training had not converged.", fmt.Sprintf("Train longer: --max-epochs %d, with --early-stopping to end when nothing is gained any more.", d.longer())}}
	case v == rising:
		return []advice{{"The validation loss had begun to rise: overfitting.", "End where it was lowest: --early-stopping, or --max-epochs with the epoch named above. If it rises early: --dropout-rate 0.2, or a smaller --n-hidden."}}
	}
	return nil
}

// longer is how many epochs to train after a training that was too short: twice as many,
// and no fewer than the default.
func (d *Data) longer() int { return max(2*d.History.Epochs(), d.DefaultEpochs) }

func (d *Data) adviseWeight() []advice {
	v, _ := d.History.judge()
	if v == tooShort || !d.History.warming() {
		return nil
	}
	n := d.History.Epochs()
	if v == falling && !d.stoppedEarly() {
		n = d.longer() // what was advised before
	}
	if warmup, err := strconv.Atoi(d.trained("n_epochs_kl_warmup")); err == nil && 0 < warmup && warmup <= n {
		return nil // then the warm-up ends with the training
	}
	return []advice{{
		fmt.Sprintf("The KL weight ended at %s, before its warm-up was over (scvi-tools does the same in short trainings).", weight(lastFinite(d.History.KLWeight))),
		"For a latent at full weight: --n-epochs-kl-warmup auto, or more epochs.",
	}}
}

func (d *Data) adviseBatches() []advice {
	if !d.Batch.given() {
		if inputs := d.inputFiles(); inputs > 1 {
			return []advice{{fmt.Sprintf("%d inputs were joined, and no batch was named: differences between them stay in the latent.", inputs), "If they are samples or runs: --batch-key input."}}
		}
		return nil
	}
	apart := in(d.batchRows(), bad)
	if len(apart) == 0 {
		return nil
	}
	do := "See whether they have cell types that the others do not have: then that is biology, and right. If not: check"
	if d.Label.given() && len(d.scores.labels) > 0 {
		do = fmt.Sprintf("Cells of the same %s lie apart too: check", d.Label.Key)
	}
	if v, _ := d.History.judge(); v == falling || v == tooShort {
		do = "Train to convergence first, and look again. " + do
	}
	do += " that --batch-key names the column of the technical batch"
	if layers := d.trained("n_layers"); layers == "1" {
		do += "; try --n-layers 2"
	}
	do += "; give what else differs as --categorical-covariate-keys or --continuous-covariate-keys"
	return []advice{{fmt.Sprintf("%s of %s %s apart: %s.", count(len(apart), "batch", "batches"), d.Batch.Key, stands(len(apart)), listNames(apart)), do + "."}}
}

func (d *Data) adviseLabels() []advice {
	rows := d.labelRows()
	mixed := in(rows, bad)
	if len(mixed) == 0 {
		return nil
	}
	do := "Related or rare types may truly overlap. If they should not: " + d.wider()
	if v, _ := d.History.judge(); v == falling || v == tooShort {
		do = "Train to convergence first. Then, where types that should differ still overlap: " + d.wider()
	}
	return []advice{{fmt.Sprintf("%s of %s %s not separated: %s.", count(len(mixed), "label", "labels"), d.Label.Key, are(len(mixed)), listNames(mixed)), do + "."}}
}

// wider is what tells types apart: more genes, where there are more, and more dimensions.
func (d *Data) wider() string {
	latent := fmt.Sprintf("a wider latent (--n-latent %d)", 2*len(d.Latent))
	if more := min(d.Genes, 2*d.Selected); more > d.Selected {
		return fmt.Sprintf("more genes (--n-top-genes %d) or %s", more, latent)
	}
	return latent
}

func (d *Data) adviseInput() (all []advice) {
	cells := d.flows()[0]
	if cells.read > 0 && float64(cells.left) > manyLeftOut*float64(cells.read) {
		all = append(all, advice{fmt.Sprintf("%s of the cells were left out.", percent(float64(cells.left)/float64(cells.read))),
			"See below for which flags did that, and whether they were meant to."})
	}
	if d.Selected > 10_000 {
		all = append(all, advice{fmt.Sprintf("The model has %s genes: most of them vary by chance alone.", thousands(int64(d.Selected))),
			"--n-top-genes 2000 to 4000 trains faster, and commonly separates better."})
	}
	return all
}

// adviseLatent speaks of dimensions that the model left unused.
func (d *Data) adviseLatent() []advice {
	used, of := d.Moments.active(), len(d.Latent)
	if of == 0 || d.Cells < 100 || 2*used > of {
		return nil
	}
	if used == 0 {
		return []advice{{"No dimension of the latent is used: it has collapsed to the prior.", "A longer warm-up, --n-epochs-kl-warmup, or fewer layers; and see whether the counts are raw counts."}}
	}
	return []advice{{fmt.Sprintf("Only %d of the latent's %d dimensions are used.", used, of), fmt.Sprintf("--n-latent %d would do; more epochs may use more.", max(2, used+1))}}
}

// activeVariance of a dimension's posterior means is what says that it is used (Burda,
// Grosse, Salakhutdinov: Importance weighted autoencoders, 2016, arXiv 1509.00519).
const activeVariance = 0.01

// active is the number of dimensions that are used.
func (m *Moments) active() (n int) {
	for j := range m.products {
		if m.products[j][j] > activeVariance*float64(max(m.cells-1, 1)) {
			n++
		}
	}
	return n
}

// trained is what an option of the training was, as JSON; empty where nothing says.
func (d *Data) trained(name string) string {
	for _, s := range d.Stages {
		var args map[string]json.RawMessage
		if s.Name == "train" && json.Unmarshal(s.Args, &args) == nil {
			return string(args[name])
		}
	}
	return ""
}

// stoppedEarly tells whether early stopping ended the training.
func (d *Data) stoppedEarly() bool {
	return d.trained("early_stopping") == "true" && d.trained("max_epochs") != fmt.Sprint(d.History.Epochs())
}

func (d *Data) patience() int {
	n := 0
	if json.Unmarshal([]byte(d.trained("early_stopping_patience")), &n) != nil {
		return 45 // scvi-tools' default
	}
	return n
}

// listNames lists a few names, each shortened.
func listNames(names []string) string {
	const most = 6
	short := make([]string, 0, most)
	for _, n := range names[:min(most, len(names))] {
		short = append(short, shortName(n))
	}
	if more := len(names) - most; more > 0 {
		return strings.Join(short, ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(short, ", ")
}

// shortName cuts a long name in its middle.
func shortName(name string) string {
	const most = 40
	r := []rune(name)
	if len(r) <= most {
		return name
	}
	return string(slices.Concat(r[:most/2], []rune("…"), r[len(r)-most/2+1:]))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(int64(n)) + " " + many
}

func stands(n int) string { return verb(n, "stands", "stand") }
func are(n int) string    { return verb(n, "is", "are") }

// verb is one thing's, or many's.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// worse is the worst state among rows; unknown where there are none that can be told.
func worse(rows []levelRow) state {
	for _, s := range []state{bad, fair, good} {
		if len(in(rows, s)) > 0 {
			return s
		}
	}
	return unknown
}

// piece is a piece of a sentence; Code is for a flag.
type piece struct {
	Text string
	Code bool
}

// flagPattern is a flag with its value, where that is a number.
var flagPattern = regexp.MustCompile(`--[a-z0-9]+(-[a-z0-9]+)*( [0-9]+(\.[0-9]+)?\b| input\b)?`)

// pieces sets the flags of a sentence apart.
func pieces(text string) (all []piece) {
	at := 0
	for _, m := range flagPattern.FindAllStringIndex(text, -1) {
		if m[0] > at {
			all = append(all, piece{Text: text[at:m[0]]})
		}
		all, at = append(all, piece{text[m[0]:m[1]], true}), m[1]
	}
	if at < len(text) {
		all = append(all, piece{Text: text[at:]})
	}
	return all
}
