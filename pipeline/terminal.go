package pipeline

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Terminal is a Progress that draws a bar at the foot of a terminal, and the
// Writer for the log lines above it. Its methods may be called from several
// goroutines.
type Terminal struct {
	mu  sync.Mutex
	out io.Writer
	bar *progressbar.ProgressBar // nil: nothing is going on
}

// NewTerminal draws on out.
func NewTerminal(out io.Writer) *Terminal { return &Terminal{out: out} }

// Write writes log lines in the place of the bar, which is drawn again below
// them when it next moves.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		_ = t.bar.Clear() // a terminal that fails will fail the write below
	}
	return t.out.Write(p)
}

// Begin starts a bar.
func (t *Terminal) Begin(what, _ string, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if total <= 0 {
		total = -1 // a spinner
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(t.out), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(), progressbar.OptionUseANSICodes(true),
	}
	t.bar = progressbar.NewOptions64(total, options...)
}

// Add moves the bar. An error would be the terminal's, and no reason to stop.
func (t *Terminal) Add(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		_ = t.bar.Add64(n)
	}
}

// Again moves the bar: its time to go is told by the last moves.
func (t *Terminal) Again(n int64) { t.Add(n) }

// Epoch writes the epoch before the bar.
func (t *Terminal) Epoch(e Epoch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar == nil {
		return
	}
	text := fmt.Sprintf("epoch %d/%d  ELBO %.2f", e.Number, e.Of, e.ELBO)
	if e.hasValidation() {
		text += fmt.Sprintf("  validation %.2f", e.ELBOValidation)
	}
	t.bar.Describe(text + fmt.Sprintf("  %.0f cells/s", e.CellsPerSecond))
}

// End clears the bar.
func (t *Terminal) End() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		_ = t.bar.Finish()
		_ = t.bar.Clear()
	}
	t.bar = nil
}
