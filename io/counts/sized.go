package counts

// Sized gives a slice of n, the given one where it is long enough: memory that is used
// again, whose values are to be overwritten.
func Sized[T any](v []T, n int64) []T {
	if int64(cap(v)) >= n {
		return v[:n]
	}
	return make([]T, n)
}
