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
// Config says what may be otherwise, as in scvi-tools: the likelihood zero-inflated
// (by sigmoid of another output, pi), Poisson or normal; theta a parameter of each
// gene, or of each gene and batch or label, or an output; further covariates beside
// the batch, seen by the encoder too or not; l latent, with an encoder of its own and
// the prior N(m_s, v_s) for log l; a given size factor in place of l, with softplus in
// place of softmax; a latent on the simplex; a linear decoder (LinearSCVI); and a
// posterior for whether each gene is zero-inflated (AutoZI).
//
//	symbol   name here                  scvi-tools' name
//	x        Minibatch.Val              X
//	l        Pass.Library               exp(library)
//	q_m,q_v  Pass.Mean, Pass.Variance   qz_m, qz_v
//	z        Pass.Z                     z
//	rho      Pass.Shares                px_scale
//	mu       l·rho                      px_rate
//	theta    exp(r), head.r, head.rates px_r (an inverse dispersion: variance mu + mu²/theta)
//	pi       head.dropout               px_dropout (logits)
//	R, KL    Pass.Rec, Pass.KL          reconstruction_loss, kl_divergence_z
//	KL of l  Pass.KLLibrary             kl_divergence_l
//
// # The way through the package
//
//	config.go      what can be chosen          cells.go      counts and covariates in memory
//	vae.go         parameters and layers       minibatch.go  the cells of one step
//	encoder.go     x → q_m, q_v                random.go     named random streams
//	latent.go      z and KL                    trainer.go    epochs, steps, history
//	library.go     l where it is latent        adam.go       the optimizer
//	decoder.go     z, s → h                    evaluate.go   ELBO, latent
//	projection.go  h → one output, by blocks   generate.go   all that decodes, draw by draw
//	head.go        outputs → rho, ll           workers.go    the threads of a step
//	pass.go        one forward and backward    pool.go       the cells' order, in bounded memory
//	coded.go       theta by batch or label     autozi.go     which genes are zero-inflated
//	headhalf.go    the head in bfloat16        source.go     where cells come from
//	freeze.go      what may move               profile.go    where a step's time goes
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
