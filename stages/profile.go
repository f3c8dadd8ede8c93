package stages

import (
	"encoding/json"
	"os"
	"path/filepath"

	"cellvi/model"
	"cellvi/pipeline"
)

// profile is --profile's file: where the time of training steps went. The parts
// are of all threads together, divided by their number, so that they add up to
// seconds; validation, checkpoints and reading before training are not in it.
type profile struct {
	Steps   int           `json:"steps"`   // minibatches
	Cells   int           `json:"cells"`   // in these
	Threads int           `json:"threads"` // that did them
	Seconds float64       `json:"seconds"` // that they took
	Parts   []profilePart `json:"parts"`
}

type profilePart struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// checkProfile refuses early a file that could not be written after training.
func (s *Train) checkProfile() error {
	if s.Options.Profile == "" {
		return nil
	}
	return pipeline.CheckWritable(filepath.Dir(s.Options.Profile), s.Options.Profile)
}

// writeProfile writes the file that --profile names, if it names one.
func (s *Train) writeProfile(t *model.Trainer) error {
	if s.Options.Profile == "" {
		return nil
	}
	p := t.Profile()
	out := profile{Steps: p.Steps, Cells: p.Cells, Threads: p.Threads, Seconds: p.Wall.Seconds()}
	for part, spent := range p.Parts {
		out.Parts = append(out.Parts, profilePart{model.Part(part).String(), spent.Seconds() / float64(p.Threads)})
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	return pipeline.PublishFile(s.Options.Profile, func(tmp string) error { return os.WriteFile(tmp, append(text, '\n'), 0o666) })
}
