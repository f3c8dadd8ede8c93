package model

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// simplexPoints is how many points a mean on the simplex is taken over: scvi-tools takes
// 5,000 random ones. Spread evenly they err by at most some 2e-3 in ten dimensions.
const simplexPoints = 4096

// spreadNormals gives n points (n, l) that stand for draws of l standard normals, the
// second half those of the first mirrored: quantiles of the additive sequence of
// Roberts ("The unreasonable effectiveness of quasirandom sequences", 2018), whose
// steps are powers of the root of x^(l+1) = x + 1.
func spreadNormals(n, l int) []float64 {
	root := 2.0
	for range 64 { // a contraction
		root = math.Pow(1+root, 1/float64(l+1))
	}
	z := make([]float64, n*l)
	for k := range l {
		step := math.Pow(root, -float64(k+1))
		for i := range n / 2 {
			_, u := math.Modf(0.5 + float64(i+1)*step)
			z[i*l+k] = mathext.NormalQuantile(u)
			z[(n/2+i)*l+k] = -z[i*l+k]
		}
	}
	return z
}

// simplexMoments turns the mean and variance (B, l) of normals into those of their
// softmax, the logistic-normal's, over points of spreadNormals. outVar may be nil.
func simplexMoments(l int, points []float64, mean, variance, outMean, outVar []float32) {
	z, sum, square := make([]float64, l), make([]float64, l), make([]float64, l)
	for at := 0; at < len(mean); at += l {
		clear(sum)
		clear(square)
		for p := 0; p < len(points); p += l {
			top, total := math.Inf(-1), 0.0
			for k := range z {
				z[k] = float64(mean[at+k]) + math.Sqrt(float64(variance[at+k]))*points[p+k]
				top = max(top, z[k])
			}
			for k := range z {
				z[k] = math.Exp(z[k] - top)
				total += z[k]
			}
			for k, v := range z {
				v /= total
				sum[k] += v
				square[k] += v * v
			}
		}
		n := float64(len(points) / l)
		for k := range z {
			m := sum[k] / n
			outMean[at+k] = float32(m)
			if outVar != nil {
				outVar[at+k] = float32(square[k]/n - m*m)
			}
		}
	}
}
