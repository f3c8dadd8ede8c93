package stages

import (
	"context"
	"encoding/json"
	"os"

	"cellvi/pipeline"
	"cellvi/stages/report"
)

// Preflight looks whether the posteriors were checked: then the report shows it.
func (s *Report) Preflight(context.Context, *pipeline.Job) error {
	s.check = s.CheckPath
	if s.check == "" && exists(s.CheckSummary()) {
		s.check = s.CheckSummary()
	}
	return nil
}

// readCheck takes what `cellvi check` found, where it was of this model.
func (s *Report) readCheck(ctx context.Context, job *pipeline.Job, d *report.Data) error {
	if s.check == "" {
		return nil
	}
	text, err := os.ReadFile(s.check)
	if err != nil {
		return err
	}
	c := &report.Check{}
	if err := json.Unmarshal(text, c); err != nil || len(c.Groups) == 0 {
		return pipeline.BadInput("%s: is not as cellvi check writes it (%v): run `cellvi check` again", s.check, err)
	}
	if c.Format != report.CheckFormat {
		return pipeline.BadInput("%s: has format %d, this cellvi reads %d: use the version that wrote it", s.check, c.Format, report.CheckFormat)
	}
	sum, err := sumModel(ctx, s.Model())
	if err != nil {
		return err
	}
	if sum != c.Model {
		job.Warn("%s is of another model than %s, and not shown: run `cellvi check` again, or remove it", s.check, s.Model())
		return nil
	}
	d.Check = c
	return nil
}
