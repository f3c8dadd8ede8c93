package pipeline

import (
	"context"
	"fmt"
	"math"

	"github.com/rs/zerolog"
)

// Stage is one step of the way of the data: files in, files out, nothing else
// shared. Its options are fixed before Plan is called.
type Stage interface {
	// Name is the subcommand's name, and the stage's name in run.json.
	Name() string
	// Plan says what Run will read and write. It touches no file.
	Plan() Plan
	// Run reads the inputs and publishes every output (PublishFile,
	// PublishDir), or returns an error and leaves earlier outputs alone.
	// It honours ctx at least once per minibatch or record batch, and owns
	// every goroutine that it starts.
	Run(ctx context.Context, job *Job) error
}

// Plan is what a Stage reads and writes.
type Plan struct {
	Inputs  []string // files or folders that must exist
	Outputs []string // files or folders that exist once the stage is done
	// Folders are those of Outputs that are folders, each with the names of the
	// files it may hold. That there is nothing else of the user's in them is
	// checked before Run; PublishDir checks it of every folder.
	Folders map[string][]string
	Partial []string // files that a killed run leaves to go on from: no outputs; Runner.Force removes them
	Locks   []Lock   // folders beside the run's that no other run may work in meanwhile
	// Args is anything that marshals to JSON. An earlier result stands only
	// where this JSON is the same, so it holds every option that can change an
	// output's bytes and no other: no threads, no log format, no file names
	// (what is in the files counts, by SHA-256).
	Args any
	Seed *uint64 // recorded in run.json; nil where the stage draws nothing
}

// Job is what a running stage is given. Warn and Count may be called from
// several goroutines.
type Job struct {
	Log      zerolog.Logger
	Progress Progress
	Threads  int   // how many threads to work with, at least 1
	Memory   int64 // budget in bytes; 0: none was given
	notes    *notes
}

// NewJob is a Job outside Execute: for commands that leave no record, such as
// inspect, and for tests. Warnings and Counts tell what the stage recorded.
func NewJob(log zerolog.Logger, progress Progress, threads int, memory int64) *Job {
	return &Job{Log: log, Progress: progress, Threads: threads, Memory: memory, notes: &notes{}}
}

// Warn says something the user should know, what and how many and which flag
// changes it, in the log and in run.json.
func (j *Job) Warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	j.Log.Warn().Msg(text)
	j.notes.warn(text)
}

// Count records a number of the stage in run.json, such as cells or genes left
// out. A second call with the same name replaces the first.
func (j *Job) Count(name string, n int64) { j.notes.count(name, n) }

// Note says something in the log at the ordinary level, not recorded.
func (j *Job) Note(format string, args ...any) {
	j.Log.Info().Msg(fmt.Sprintf(format, args...))
}

// Warnings are the texts given to Warn so far.
func (j *Job) Warnings() []string {
	warnings, _ := j.notes.snapshot()
	return warnings
}

// Counts are the numbers given to Count so far, by name.
func (j *Job) Counts() map[string]int64 {
	_, counts := j.notes.snapshot()
	return counts
}

// Progress shows how far a stage is: a bar on a terminal, log lines otherwise.
// One piece of work at a time; all methods belong to one goroutine.
type Progress interface {
	// Begin starts a piece of work of total units ("cells"); 0: total unknown.
	Begin(what, unit string, total int64)
	// Add tells that n more units are done.
	Add(n int64)
	// Again tells that n more units were done by an earlier run: they took no time now.
	Again(n int64)
	// Epoch tells that an epoch of training is over.
	Epoch(e Epoch)
	// End closes the piece of work that Begin started.
	End()
}

// Epoch is what a finished epoch of training shows.
type Epoch struct {
	Number, Of     int     // counted from 1
	ELBO           float64 // of the training cells, per cell, as a loss (lower is better)
	ELBOValidation float64 // NaN: there are no validation cells
	KLWeight       float64
	CellsPerSecond float64
}

// hasValidation tells whether the epoch measured held-out cells.
func (e Epoch) hasValidation() bool { return !math.IsNaN(e.ELBOValidation) }
