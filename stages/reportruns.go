package stages

import (
	"slices"

	"cellvi/pipeline"
)

// runs are the records of the stages that made the report's inputs: those of the
// folder, and of the files that were named. These are put in the order in which they
// began, whatever the files' order; what is in several files is given once.
func (s *Report) runs() ([]*pipeline.StageRun, error) {
	own, err := pipeline.ReadRun(s.Dir)
	if err != nil {
		return nil, err
	}
	if len(s.RunPaths) == 0 {
		return own.Stages, nil
	}
	all := own.Stages
	for _, path := range s.RunPaths {
		run, err := pipeline.ReadRunFile(path)
		if err != nil {
			return nil, err
		}
		all = append(all, run.Stages...)
	}
	slices.SortStableFunc(all, func(a, b *pipeline.StageRun) int { return a.Started.Compare(b.Started) })
	same := func(a, b *pipeline.StageRun) bool { return a.Name == b.Name && a.Started.Equal(b.Started) }
	return slices.CompactFunc(all, same), nil
}
