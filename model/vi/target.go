package vi

// Target is the unnormalized log densities log p(x, z) of several problems, such as
// cells, over z of the same dimension L.
type Target interface {
	// Dim is L.
	Dim() int
	// Curved says whether Values.Curvature can be asked for.
	Curved() bool
	// Evaluate writes what v asks for at n points: point i is row i of z (n, L), of
	// problem problems[i].
	Evaluate(problems []int, z []float64, v Values)
}

// Values are where a Target writes; what is nil is not wanted.
type Values struct {
	LogP      []float64 // (n) log p(x, z), in nats
	Grad      []float64 // (n, L) its gradient in z
	Curvature []float64 // (n, L, L) a positive semidefinite approximation of −∇² log p
}
