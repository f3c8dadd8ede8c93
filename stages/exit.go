package stages

import (
	"errors"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// ExitCode is pipeline.ExitCode, which does not know io's errors: a fault of
// the user's data is bad input, and what the budget is too small for is over memory.
func ExitCode(err error) int {
	var known *pipeline.Error
	var input *counts.InputError
	var memory *counts.MemoryError
	switch {
	case errors.As(err, &known):
	case errors.As(err, &memory):
		return pipeline.ExitOverMemory
	case errors.As(err, &input):
		return pipeline.ExitBadInput
	}
	return pipeline.ExitCode(err)
}
