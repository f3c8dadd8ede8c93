package stages

import (
	"cellvi/model"
	"cellvi/pipeline"
)

// Afterwards is a stage of the same run that puts the cells through the trained model.
type Afterwards interface {
	// ahead refuses, before training, what the stage would refuse after it: of so many
	// cells, and a model that knows genes.
	ahead(job *pipeline.Job, cfg model.Config, genes []string, cells int) error
}

// checkThen asks the stages that follow, so that no night of training ends in vain.
func (s *Train) checkThen(job *pipeline.Job, cfg model.Config, p *prepared) error {
	for _, next := range s.Then {
		if err := next.ahead(job, cfg, p.picked(), len(p.Row)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Embed) ahead(job *pipeline.Job, cfg model.Config, _ []string, cells int) error {
	if len(s.Options.WriteLayers) > 0 {
		if err := evaluationFits(job, cfg, cells, 2*layerBytes, "raise it, or use fewer --threads"); err != nil {
			return err
		}
	}
	return evaluationFits(job, cfg, cells, s.bytes(job, cfg, cells), "raise it, or use fewer --threads")
}

func (s *Check) ahead(job *pipeline.Job, cfg model.Config, _ []string, cells int) error {
	return evaluationFits(job, cfg, cells, checkBytes(job, cfg, s.most(cells)),
		"raise it, use fewer --threads, or leave the check out (run without --check)")
}

func (s *Reconstruct) ahead(job *pipeline.Job, cfg model.Config, genes []string, cells int) error {
	chosen, err := s.chosen(genes)
	if err != nil {
		return err
	}
	return s.fits(job, cfg, cells, len(chosen))
}

// fits holds what a reconstruction of so many cells and genes takes to the budget.
func (s *Reconstruct) fits(job *pipeline.Job, cfg model.Config, cells, genes int) error {
	columns := genes * len(s.matrices(cfg))
	return evaluationFits(job, cfg, cells, groupMemory(cells, columns, groupRows(cells, columns))+model.GenerateBytes(cfg, job.Threads),
		"raise it, use fewer --threads, choose --reconstruct-genes, or leave the reconstruction out (run --no-reconstruct)")
}
