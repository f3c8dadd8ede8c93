package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// What the verdict rests on. These are this page's own, but for GoodKHat.
const (
	mostGood    = 0.9 // share of cells with a good k-hat above which posteriors are called sound
	fewestGroup = 20  // cells of a level of which something is said
	manyErrors  = 4   // standard errors by which a level stands out
	moreBad     = 0.1 // and the share of bad cells by which it does
	moreGap     = 1.5 // or how many times the others' gap, and nats
	leastGap    = 0.5
)

// Judge writes verdict and training, of the history where there is one. The history's
// rule is the report's.
func (c *Check) Judge(h *History) {
	c.judgeTraining(h)
	v := &c.Verdict
	all := c.All()
	v.Posterior = c.posteriorText(all)
	switch {
	case all.Encoder.Good >= mostGood:
		v.State, v.Word = string(good), "sound"
	case all.Refined != nil && all.Refined.Good >= mostGood:
		v.State, v.Word = string(fair), "sound once refined"
	default:
		v.State, v.Word = string(bad), "not to be trusted"
	}
	v.Groups = c.groupsText()
	v.Weight = c.weightText()
	v.Do = c.todo()
}

// judgeTraining holds the history to the report's rule.
func (c *Check) judgeTraining(h *History) {
	t := &c.Training
	c.KLWeight = 1
	if h == nil || h.Epochs() == 0 {
		return
	}
	c.KLWeight = h.LastKLWeight()
	word, text := h.judge()
	losses, epochs, _ := h.watched()
	*t = CheckTraining{Verdict: string(word), Text: text, Epochs: h.Epochs()}
	if line, known := trendOf(losses); known && finite(line.slope) && finite(line.sigma) {
		t.Slope, t.SlopeSE, t.Window = line.slope, line.sigma, line.epochs
	}
	if n := len(losses); n > 0 && finite(losses[n-1]) {
		at := lowest(losses)
		t.BestEpoch, t.AboveBest = epochs[at], losses[n-1]-losses[at]
	}
}

// posteriorText says for how many cells which posterior can be trusted.
func (c *Check) posteriorText(all *CheckGroup) string {
	text := fmt.Sprintf("The encoder's posterior can be trusted (k-hat below %v) for %s of %s", GoodKHat, share(all.Encoder.Good), c.cellsText())
	if all.Refined == nil {
		return text + fmt.Sprintf("; its ELBO lies %s nats per cell below the importance-weighted bound.", nats(all.BoundGap.Mean))
	}
	return text + fmt.Sprintf(", and gives away %s nats per cell against one fitted to each cell alone (--refine %s), which can be trusted for %s.",
		nats(all.AmortizationGap.Mean), c.Refine, share(all.Refined.Good))
}

// cellsText names the cells that were measured.
func (c *Check) cellsText() string {
	what := map[string]string{"validation": "validation cell", "all": "cell"}[c.Of]
	if what == "" {
		what = "named cell"
	}
	text := plural(c.Cells, what)
	if c.Candidate > c.Cells {
		text += fmt.Sprintf(" (spread evenly over %s)", thousands(int64(c.Candidate)))
	}
	return text
}

// outlier is a level that stands out.
type outlier struct {
	text string
	by   float64 // standard errors
}

// groupsText names the levels whose posteriors are worse than the others'.
func (c *Check) groupsText() string {
	var found []outlier
	for i := range c.Groups {
		g := &c.Groups[i]
		if g.Of != "batch" && g.Of != "label" || g.Cells < fewestGroup || c.Cells-g.Cells < fewestGroup {
			continue
		}
		if o := c.judgeGroup(g); o != nil {
			found = append(found, *o)
		}
	}
	if len(found) == 0 {
		return ""
	}
	slices.SortStableFunc(found, func(a, b outlier) int { return cmp.Compare(b.by, a.by) })
	const most = 3
	var texts []string
	for _, o := range found[:min(most, len(found))] {
		texts = append(texts, o.text)
	}
	more := ""
	if n := len(found) - most; n > 0 {
		more = fmt.Sprintf("; and %d more", n)
	}
	return "Worse than the others: " + strings.Join(texts, "; ") + more + "."
}

// judgeGroup compares a level with all other cells: the share of bad posteriors, of the
// refined ones where there are any, and the gap.
func (c *Check) judgeGroup(g *CheckGroup) *outlier {
	all, name := c.All(), fmt.Sprintf("%s %s", g.Key, shortName(g.Level))
	trust, whole, what := g.Encoder, all.Encoder, "the encoder's"
	if g.Refined != nil {
		trust, whole, what = *g.Refined, *all.Refined, "the refined"
	}
	n, rest := float64(g.Cells), float64(all.Cells-g.Cells)
	bad, others := 1-trust.Good, max(0, (1-whole.Good)*float64(all.Cells)-(1-trust.Good)*n)/rest
	se := binomialError(bad, n) + binomialError(others, rest)
	if by := (bad - others) / se; bad-others > moreBad && by > manyErrors {
		return &outlier{fmt.Sprintf("%s, %s posterior is not to be trusted for %s of its %s, elsewhere for %s", name, what, share(bad), plural(g.Cells, "cell"), share(others)), by}
	}
	gap, of := g.BoundGap, all.BoundGap
	m := float64(of.Cells - gap.Cells)
	if gap.Cells < fewestGroup || m < fewestGroup {
		return nil
	}
	elsewhere := (of.Mean*float64(of.Cells) - gap.Mean*float64(gap.Cells)) / m
	by := (gap.Mean - elsewhere) / (gap.se() + of.se())
	if gap.Mean-elsewhere > leastGap && gap.Mean > moreGap*elsewhere && by > manyErrors {
		return &outlier{fmt.Sprintf("%s, the encoder gives away %s nats per cell, elsewhere %s", name, nats(gap.Mean), nats(elsewhere)), by}
	}
	return nil
}

// binomialError is the standard error of a share of n, after Agresti and Coull's
// addition of two successes and two failures (The American Statistician 52, 1998).
func binomialError(share, n float64) float64 {
	p := (share*n + 2) / (n + 4)
	return math.Sqrt(p * (1 - p) / (n + 4))
}

// weightText says what a KL weight below one cost, as far as it can be measured with the
// decoder as it is.
func (c *Check) weightText() string {
	if c.KLWeight >= enoughWeight {
		return ""
	}
	text := fmt.Sprintf("The KL weight ended at %s: training never asked for posteriors at full weight.", weight(c.KLWeight))
	if g := c.All().WidthGap; g != nil {
		text += fmt.Sprintf(" The encoder's posteriors should be %.2g times as wide, which alone is worth %s nats per cell.",
			c.All().WidthFactor.Quantiles[2], nats(g.Mean))
	}
	return text + " What it cost the decoder, only a training at full weight tells."
}

// todo is what to do about it.
func (c *Check) todo() (list []string) {
	all := c.All()
	switch {
	case all.Encoder.Good >= mostGood:
	case all.Refined == nil:
		list = append(list, "See what a posterior fitted to each cell gives: cellvi check --refine full.")
	case all.Refined.Good > all.Encoder.Good:
		list = append(list, fmt.Sprintf("Where uncertainties or likelihoods matter, refine: cellvi embed --refine %s --latent-var.", c.Refine))
	}
	if all.Refined != nil && all.Refined.Good < mostGood {
		if c.Refine == "diag" {
			list = append(list, "A diagonal Gaussian is too poor for many cells: --refine full.")
		} else {
			list = append(list, "Where a Gaussian is too poor: --refine flow, or --refine mixture.")
		}
	}
	if c.KLWeight < enoughWeight {
		list = append(list, "For a training that ends at full weight: --n-epochs-kl-warmup auto.")
	}
	if c.Unsettled > 0 {
		list = append(list, fmt.Sprintf("The fits of %s had not converged: cellvi check with more --refine-max-steps.", plural(c.Unsettled, "cell")))
	}
	switch verdict(c.Training.Verdict) {
	case falling:
		list = append(list, "Training had not converged: train longer, --max-epochs.")
	case tooShort:
		list = append(list, "Train for more epochs, --max-epochs: so few are no training.")
	case rising:
		list = append(list, fmt.Sprintf("Training went past its best, epoch %d: --early-stopping.", c.Training.BestEpoch))
	case diverged:
		list = append(list, "Training diverged: lower --lr.")
	case converged:
	}
	return list
}

// nats writes a gap.
func nats(v float64) string { return fmt.Sprintf("%.2f", v) }
