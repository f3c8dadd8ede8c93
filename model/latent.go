package model

import (
	"math"

	"cellvi/model/kernel"
)

// latent turns raw (B, L), the encoder's log-variance output, into the
// posterior's variance q_v = exp(raw) + 1e-4 and draws z = q_m + sqrt(q_v)·noise.
func latent[T kernel.Float](mean, raw, noise, variance, z []T) {
	for i, r := range raw {
		variance[i] = T(math.Exp(float64(r))) + varianceEps
		z[i] = mean[i] + T(math.Sqrt(float64(variance[i])))*noise[i]
	}
}

// klNormal writes each cell's KL(N(q_m, q_v) ‖ N(0, I)) = Σ ½(q_v + q_m² − 1 − log q_v).
func klNormal[T kernel.Float](l int, mean, variance []T, kl []float64) {
	for b := range kl {
		sum := 0.0
		for i := b * l; i < (b+1)*l; i++ {
			m, v := float64(mean[i]), float64(variance[i])
			sum += 0.5 * (v + m*m - 1 - math.Log(v))
		}
		kl[b] = sum
	}
}

// latentBackward goes from dz, the gradient at z, to those at the encoder's outputs,
// the KL's among them, weighted by w for each cell.
func latentBackward[T kernel.Float](w T, dz, mean, variance, noise, dmean, draw []T) {
	for i, d := range dz {
		dmean[i], draw[i] = drawBackward(w, d, noise[i], mean[i], variance[i], 0, 1)
	}
}

// drawBackward goes from dy, the gradient at a draw y of N(m, v), to those at m and at
// the encoder's output raw, v = exp(raw) + 1e-4, where N(m, v) has w times the
// divergence from N(mp, vp):
//
//	dm   = dy + w (m − mp)/vp
//	dv   = dy·noise/(2 sqrt v) + w ½(1/vp − 1/v)
//	draw = dv (v − 1e-4)
func drawBackward[T kernel.Float](w, dy, noise, m, v, mp, vp T) (dm, draw T) {
	dv := dy*noise/(2*T(math.Sqrt(float64(v)))) + w*(1/vp-1/v)/2
	return dy + w*(m-mp)/vp, dv * (v - varianceEps)
}

// softmaxRows makes each row of z (B, L) one of shares, the logistic-normal latent.
func softmaxRows[T kernel.Float](l int, z []T) {
	for at := 0; at < len(z); at += l {
		row := z[at : at+l]
		top, sum := row[0], T(0)
		for _, x := range row {
			top = max(top, x)
		}
		for i, x := range row {
			row[i] = T(math.Exp(float64(x - top)))
			sum += row[i]
		}
		for i := range row {
			row[i] /= sum
		}
	}
}

// softmaxRowsBackward turns dz, the gradient at shares z, into that before them.
func softmaxRowsBackward[T kernel.Float](l int, z, dz []T) {
	for at := 0; at < len(z); at += l {
		dot := T(0)
		for i := at; i < at+l; i++ {
			dot += z[i] * dz[i]
		}
		for i := at; i < at+l; i++ {
			dz[i] = z[i] * (dz[i] - dot)
		}
	}
}

func expAll[T kernel.Float](x []T) {
	for i, v := range x {
		x[i] = T(math.Exp(float64(v)))
	}
}
