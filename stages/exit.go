package stages

import (
	"errors"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// ExitCode is pipeline.ExitCode, which does not know io's errors: a fault of
// the user's data is bad input.
func ExitCode(err error) int {
	var known *pipeline.Error
	var input *counts.InputError
	if !errors.As(err, &known) && errors.As(err, &input) {
		return pipeline.ExitBadInput
	}
	return pipeline.ExitCode(err)
}
