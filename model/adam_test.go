package model

import (
	"math"
	"testing"
)

// Parameters after 1 and 5 steps of PyTorch's Adam and AdamW (float64, lr 0.01, eps 0.01,
// weight decay 0.1) from these, with gradients 0.3k, −0.01, 0, 1/k at step k.
func TestOptimizersArePyTorchs(t *testing.T) {
	start := []float64{1, -2, 0.5, 3}
	for name, want := range map[string][2][]float64{
		PlainAdam: {{0.9902439024390244, -1.9904545454545455, 0.4916666666666667, 2.9900763358778626},
			{0.9517178526105707, -1.952301981119382, 0.45851705749066807, 2.9536339768606323}},
		AdamW: {{0.9893225806451613, -1.993, 0.4995, 2.98709900990099},
			{0.9474760096123443, -1.9650699300349936, 0.4975049950024995, 2.9417271923838144}},
	} {
		cfg := DefaultConfig()
		cfg.NInput = 4
		v := New[float64](cfg)
		at := v.head.scale.bias
		copy(at.w, start)
		o := AdamOptions{Optimizer: name, LR: 5, WeightDecay: 0.1, Eps: 0.01} // the rate is that of step
		for k := 1; k <= 5; k++ {
			copy(at.g, []float64{0.3 * float64(k), -0.01, 0, 1 / float64(k)})
			v.update(at.lo, at.hi, o.step(k, 0.01))
			if k != 1 && k != 5 {
				continue
			}
			for i, w := range want[k/5] {
				if math.Abs(at.w[i]-w) > 1e-12 {
					t.Errorf("%s: parameter %d is %.16g after step %d, want %.16g", name, i, at.w[i], k, w)
				}
			}
		}
	}
}
