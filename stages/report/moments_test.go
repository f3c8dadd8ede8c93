package report

import (
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Means and covariance have the same bits however the cells are cut.
func TestMomentsOfPieces(t *testing.T) {
	latent := exampleData(1000, 2, 3, 1).Latent
	want := momentsOf(latent)
	for _, size := range []int{1, 7, 400, 999} {
		var m Moments
		for _, add := range []func([][]float32){m.AddMeans, m.AddProducts} {
			for lo := 0; lo < 1000; lo += size {
				piece := make([][]float32, len(latent))
				for j := range latent {
					piece[j] = latent[j][lo:min(lo+size, 1000)]
				}
				add(piece)
			}
		}
		if !mat.Equal(m.covariance(), want.covariance()) {
			t.Errorf("pieces of %d cells: another covariance", size)
		}
		for j := range want.mean {
			if m.mean[j] != want.mean[j] {
				t.Errorf("pieces of %d cells: mean %d is %v, want %v", size, j, m.mean[j], want.mean[j])
			}
		}
	}
}
