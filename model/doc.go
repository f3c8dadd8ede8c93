// Package model is the mathematics of cellvi: scVI's variational auto-encoder
// with a negative-binomial decoder (Lopez et al. 2018, doi 10.1038/s41592-018-0229-2),
// its gradient, and its training. It reads no files and writes no logs.
//
// # The generative process
//
// Cell n of batch s with library size l (the total of its counts):
//
//	z    ~ N(0, I)                 the latent, L dimensions
//	rho  = softmax(W h(z, s) + b)  expected share of each gene
//	mu   = l · rho
//	x_g  ~ NegativeBinomial(mean mu_g, inverse dispersion theta_g)
//
// and the encoder's posterior q(z|x) = N(q_m, diag q_v) with
// q_m, q_v from log(1+x) through the same kind of layers. Trained by Adam on
// the mean over cells of R + w·KL, R = −log p(x|z) at a reparameterized sample
// of z, w the KL weight.
//
//	symbol   name here                 scvi-tools' name
//	x        Minibatch.Val             X
//	l        Minibatch.Library         exp(library)
//	q_m,q_v  Pass.Mean, Pass.Variance  qz_m, qz_v
//	z        Pass.Z                    z
//	rho      Pass.Shares               px_scale
//	mu       l·rho                     px_rate
//	theta    exp(px_r)                 px_r (an inverse dispersion: variance mu + mu²/theta)
//	R, KL    Pass.Rec, Pass.KL         reconstruction_loss, kl_divergence_z
//
// # The way through the package
//
//	config.go      what can be chosen          cells.go      counts in memory
//	vae.go         parameters and layers       minibatch.go  the cells of one step
//	encoder.go     x → q_m, q_v                random.go     named random streams
//	latent.go      z and KL                    trainer.go    epochs, steps, history
//	decoder.go     z, s → h                    adam.go       the optimizer
//	head.go        h → rho, ll, by blocks      evaluate.go   ELBO, latent, decoding
//	pass.go        one forward and backward    workers.go    the threads of a step
//	source.go      where cells come from       pool.go       their order, in bounded memory
//	headhalf.go    the head in bfloat16        profile.go    where a step's time goes
//
// Each layer is a forward and a backward beside each other; there is no
// automatic differentiation. Work is cut by fixed blocks of genes, each owned
// by one worker at a time, and by chunks of cells; sums across blocks are taken
// in block order, so results have the same bits for any number of threads. What
// one worker does for all is done beside work that is not needed yet.
// Randomness is a function of (seed, purpose, epoch, cell), so that resuming
// changes nothing.
//
// Data in: Config, Cells. Data out: tensors under scvi-tools' names, EpochStats,
// latents. Imports model/kernel only; stages imports it.
package model
