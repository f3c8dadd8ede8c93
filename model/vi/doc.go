// Package vi is variational inference of many small problems at once: a posterior
// q(z) of each cell, say, fitted to log p(x, z) and then judged. It reads no files, and knows nothing of
// cells.
//
// # Target
//
// Target gives log p(x, z) of problem i at a point z (L numbers, some ten), its gradient, and where
// it can a curvature. What is maximized over q is the evidence lower bound
//
//	ELBO(q) = E_q[log p(x, z) − log q(z)] = log p(x) − KL(q‖p(z|x)).
//
// # Family
//
//	Diag     Gaussian           a diagonal covariance: mean field, what scVI's encoder gives
//	Full     Gaussian           any covariance
//	Mixture  *Mixed             K Gaussians with covariances of their own, and a wide one
//	Flow     *Transported       a triangular map of second order of a Gaussian
//
// A mixture's components have full covariances of their own, since L is small: each then lies along its
// part of a bent posterior, or has a mode to itself; a shared or diagonal covariance
// would need many more of them. The flow is a Knothe-Rosenblatt map: with its Gaussian it has every third derivative of
// log p to first order, and by a sinh-arcsinh of every coordinate its skewness and tails. Inverse,
// determinant and gradient are explicit, and the metric of its parameters near the identity is a known diagonal, so that
// it is fitted in tens of steps, where layers of planar or autoregressive networks take thousands.
//
// # Estimator
//
// By reparameterization z = T(noise) the gradient of E_q is E of gradients along z's path; the
// score's own term, zero on average, is left out (sticking the landing: Roeder, Wu & Duvenaud 2017). By the score
// function the gradient is E[∇ log q · (log p − log q)], from values of log p alone (black-box
// variational inference: Ranganath, Gerrish & Blei 2014), Rao-Blackwellized where the target is Factored
// and always with control variates. A mixture is reparameterized component by component, each a
// stratum, which leaves its weights an exact gradient given the components' means of log p − log q.
// Variances measures them all at a given q.
//
// Gaussians and what starts from them take expectations by a stochastic cubature, rule: 2L+1
// points that are exact for a quadratic log p, and unbiased for any.
//
// # Optimizer
//
// Adam moves any family along its estimate. Natural is the natural gradient, variational online Newton
// (Khan & Rue 2023): with the points' gradients Stein's lemma gives E_q of the second derivative,
// and some five steps of 2L+1 points reach what Adam does in 400 of four. Where the target has
// a curvature two or three Gauss-Newton steps at single points go before (newton.go). A mixture's components each take such
// steps (Lin, Khan & Schmidt 2019); a flow's are natural in the metric at the identity.
//
// # Stopping
//
// A step tells the gain in ELBO that it expects. Once this is noise, answers are averaged, until
// the noise that is left is worth less than Tolerance, and the ELBO itself has stopped rising within its
// standard error (schedule.go; Adam's: adam.go). Who stops at MaxSteps is not Converged.
//
// KL(q‖p) makes a Gaussian narrower than the posterior. DefaultOptions widen it after the fit
// (Options.Widen), which costs little ELBO and makes importance weights much lighter in the tails: the result is then not the
// ELBO's optimum but near it, and Fitted.After says so.
//
// # Assessment
//
// Assess draws from q afresh and weighs the draws w = p(x, z)/q(z): ELBO, the importance-weighted
// bound log mean w, ESS, and the Pareto shape k-hat of w's tail (Vehtari et al. 2024), which above
// 0.7 says that q misses a part of the posterior that matters.
//
//	target.go    what is fitted to            options.go    how
//	fit.go       all problems, in rounds      exchange.go   their points together
//	approximation.go, gaussian.go, mixture.go, flow.go, flowgradient.go   the densities
//	parametric.go  their parameters           estimate.go, variance.go    gradients by draws
//	frame.go, moments.go  the cubature        natural.go, place.go, newton.go, naturalscore.go   Gaussians' natural gradient
//	mixturefit.go, mixturestart.go, flowfit.go   that of the richer           adam.go   Adam
//	schedule.go  pace and end                 assess.go, psis.go   what came of it
//	linalg.go    triangles of ten by ten
//
// Everything is float64. A problem's numbers depend on its key, start and log density alone: randomness is a function of (seed, use,
// key), and problems share no sums. Imports the standard library and gonum's special functions; model's Conditional is the Target of cells,
// and stages calls Fit and Assess.
package vi
