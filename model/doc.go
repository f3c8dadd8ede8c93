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
// place of softmax; a latent on the simplex; a linear decoder (LinearSCVI); a posterior
// of z with a full covariance, or a flow (Family, which scvi-tools has not); and a
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
// The model, and data:
//
//	config.go      what can be chosen            cells.go      counts and covariates in memory
//	vae.go         parameters and layers         packed.go     one cell's counts on their way there
//	params.go      tensors and their slabs       source.go     where cells come from
//	random.go      named random streams          minibatch.go  the cells of one step
//
// One forward and backward, pass.go:
//
//	encoder.go     x → q_m, q_v                  decoder.go    z, s → h
//	hidden.go      norms, ReLU, dropout          projection.go h → one output, by blocks of genes
//	fixednorm.go   norms at running statistics   head.go       outputs → rho, log p(x|z)
//	linear.go      W x + b, one-hot columns      headlikelihood.go  log p(x|z), stripe by stripe
//	latent.go      z and KL                      headhalf.go   the head in bfloat16
//	family.go      a posterior that leans and    familypass.go its draw, KL and gradient
//	               bends                         familymoments.go  its mean and variance
//	sylvester.go   a layer of its flow           familynormal.go   the normal beside it
//	simplex.go     a latent on the simplex       coded.go      theta by batch or label
//	library.go     l where it is latent          autozi.go     which genes are zero-inflated
//
// Training:
//
//	trainer.go     epochs and steps              pool.go       the cells' order, in bounded memory
//	adam.go        the optimizer                 window.go     a stretch of them
//	schedule.go    KL weight, early stopping     workers.go    the threads of a step
//	plateau.go     the learning rate             profile.go    where a step's time goes
//	history.go     losses and metrics            memory.go     what it will take
//	state.go       stopping and resuming         surgery.go    a reference with new levels
//	                                             freeze.go     what of it may move
//	objective.go   what a step climbs            iwae.go, iwaebackward.go  the importance-weighted bound
//	noise.go       draws beyond the first        weighted.go   cells' weights in the head's gradient
//	                                             semiamortized.go  posteriors refined in training
//
// A trained model's use:
//
//	evaluate.go    ELBO, latents                 predictive.go counts drawn from the likelihood
//	generate.go    all that decodes              evidence.go   log p(x) by importance sampling
//	decoded.go     what was decoded, by cells    correlation.go  of genes over cells
//	                                             simulate.go, simulatenb.go  data from a model
//
// With the decoder fixed and z free, what refines a posterior cell by cell:
//
//	conditional.go          log p(x, z)          conditionalgradient.go   its gradient in z
//	conditionaldecode.go    what z decodes to    conditionalcurvature.go  Gauss-Newton's curvature
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
