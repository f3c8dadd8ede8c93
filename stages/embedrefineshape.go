package stages

import (
	"fmt"
	"slices"

	"cellvi/io/store"
	"cellvi/model"
)

// refinedShape is the numbers of a cell: the mean, then refined.parquet's columns.
type refinedShape struct {
	latent  int
	columns []string
}

// width is how many numbers there are.
func (s refinedShape) width() int { return s.latent + len(s.columns) }

// covariance is the place of cov_j_k, j ≤ k, among the numbers.
func (s refinedShape) covariance(j, k int) int { return s.latent + j*s.latent - j*(j-1)/2 + k - j }

// place is that of a column among the numbers; −1: there is none.
func (s refinedShape) place(column string) int {
	at := slices.Index(s.columns, column)
	if at < 0 {
		return -1
	}
	return s.latent + at
}

// refinedShapeOf names the columns: the covariance's upper triangle, the library size
// where it is latent, and what is known of the fit.
func refinedShapeOf(cfg model.Config, assess int) refinedShape {
	s := refinedShape{latent: cfg.NLatent}
	for j := range s.latent {
		for k := j; k < s.latent; k++ {
			s.columns = append(s.columns, fmt.Sprintf("cov_%d_%d", j, k))
		}
	}
	if !cfg.UseObservedLibSize && !cfg.UseSizeFactor {
		s.columns = append(s.columns, "log_library", "log_library_var")
	}
	s.columns = append(s.columns, "steps", "converged")
	if assess > 0 {
		s.columns = append(s.columns, "elbo_before", "elbo_after", "bound")
	}
	if assess >= leastKHat {
		s.columns = append(s.columns, "khat", "ess")
	}
	return s
}

// groupCells is the cells of a row group: groupCells, or as many as have some million
// numbers.
func (s refinedShape) groupCells() int { return min(groupCells, max(1, (4<<20)/s.width())) }

// bytes is what refining so many cells takes beside the evaluation: two row groups, as
// rows and as columns, a piece and its copy, and names.
func (s refinedShape) bytes(cells, threads int) int64 {
	group := int64(min(cells, s.groupCells()+store.BatchCells))
	return 2*group*(int64(s.width())*8+nameBytes) + 12*int64(min(cells, refinedPiece(threads)))*int64(s.width()) + int64(threads)*fitBytes(s.latent+1)
}

// fitBytes is about what fitting a minibatch in so many dimensions takes: points with
// gradient and curvature, a minibatch's at once.
func fitBytes(dim int) int64 { return 8 * 128 * 32 * int64(dim*dim+4*dim+8) }

// refinedPiece is the cells of a piece of the log: four minibatches a thread.
func refinedPiece(threads int) int { return min(4*evalCells*threads, shownCells) }
