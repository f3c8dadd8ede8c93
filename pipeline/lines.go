package pipeline

import (
	"math"
	"time"

	"github.com/rs/zerolog"
)

// NewLines is a Progress of log lines, few enough for a log file: at most one
// in some seconds, besides the first and the last epoch.
func NewLines(log zerolog.Logger) Progress {
	return &lines{log: log, every: 10 * time.Second, now: time.Now}
}

// lines logs.
type lines struct {
	log   zerolog.Logger
	every time.Duration
	now   func() time.Time

	what, unit    string
	total, done   int64
	again         int64 // of done, by an earlier run
	started, said time.Time
	epochs        bool // this piece of work has epochs, which tell enough
	before        int  // epochs of an earlier run
}

// Begin is said only at the debug level: the stage says itself what it does.
func (l *lines) Begin(what, unit string, total int64) {
	now := l.now()
	l.what, l.unit, l.total, l.done, l.again, l.epochs = what, unit, total, 0, 0, false
	l.started, l.said = now, now
	l.log.Debug().Int64("total", total).Str("unit", unit).Msg(what)
}

// Add logs now and then.
func (l *lines) Add(n int64) {
	l.done += n
	if l.epochs || !l.due() {
		return
	}
	event := l.log.Info().Int64(l.unit, l.done)
	if l.total > 0 {
		event = event.Int64("of", l.total).Stringer("left", l.left(l.done-l.again, l.total-l.done))
	}
	event.Float64("per_second", round(l.rate())).Msg(l.what)
}

// Again counts without a line.
func (l *lines) Again(n int64) { l.done, l.again = l.done+n, l.again+n }

// Epoch logs the first, the last, and some between.
func (l *lines) Epoch(e Epoch) {
	if !l.epochs {
		l.epochs, l.before = true, e.Number-1
	}
	if !l.due() && e.Number != l.before+1 && e.Number != e.Of {
		return
	}
	l.said = l.now()
	event := l.log.Info().Int("epoch", e.Number).Int("of", e.Of).Float64("elbo_train", round(e.ELBO))
	if e.hasValidation() {
		event = event.Float64("elbo_validation", round(e.ELBOValidation))
	}
	event.Float64("kl_weight", e.KLWeight).Float64("cells_per_second", round(e.CellsPerSecond)).
		Stringer("left", l.left(int64(e.Number-l.before), int64(e.Of-e.Number))).Msg(l.what)
}

// End says nothing: the stage says what came of it.
func (l *lines) End() {}

// due tells whether a line is due, and then counts it as said.
func (l *lines) due() bool {
	now := l.now()
	if now.Sub(l.said) < l.every {
		return false
	}
	l.said = now
	return true
}

// left is the time that so much takes to do, when what is done took the time so far.
func (l *lines) left(done, todo int64) time.Duration {
	if done <= 0 {
		return 0
	}
	took := l.now().Sub(l.started)
	return (time.Duration(float64(took) * float64(todo) / float64(done))).Round(time.Second)
}

func (l *lines) rate() float64 {
	return float64(l.done-l.again) / max(l.now().Sub(l.started).Seconds(), 1e-9)
}

// round keeps two decimals, which is enough for a log line.
func round(v float64) float64 { return math.Round(v*100) / 100 }
