package stages

import (
	"regexp"
	"strconv"
	"strings"

	"cellvi/pipeline"
)

// PartOptions cut the work of embed and reconstruct among processes, or machines.
type PartOptions struct {
	Part string `json:"part,omitempty" name:"part" placeholder:"I/N" help:"Do the I-th of N even shares of the kept cells, such as 3/8. cellvi gather joins the parts." group:"Output"`
}

// mostParts is more processes than anybody starts.
const mostParts = 100_000

// partForm is how a part is written, in one way only: results are told apart by it.
var partForm = regexp.MustCompile(`^[1-9][0-9]{0,5}/[1-9][0-9]{0,5}$`)

// Validate refuses what is no part.
func (o PartOptions) Validate() error {
	if o.Part == "" {
		return nil
	}
	if i, n := o.numbers(); !partForm.MatchString(o.Part) || i > n || n > mostParts {
		return pipeline.Usage("--part is %q: it must be I/N, the I-th of N parts, with I from 1 to N and N up to %d, such as 3/8", o.Part, mostParts)
	}
	return nil
}

// ValidateWith refuses a copy of the input that would have a part's cells alone.
func (o PartOptions) ValidateWith(embed EmbedOptions) error {
	if o.Part != "" && embed.WriteH5AD != "" {
		return pipeline.Usage("--part and --write-h5ad: a part has not all cells: leave one of them out, or write the .h5ad of all cells in one process")
	}
	return nil
}

// numbers are the part, counted from 1, and how many there are; 0 where it is no part.
func (o PartOptions) numbers() (part, of int) {
	i, n, _ := strings.Cut(o.Part, "/")
	part, _ = strconv.Atoi(i)
	of, _ = strconv.Atoi(n)
	return part, of
}

// bounds are those of so many cells that are the part's; all where there are no parts.
func (o PartOptions) bounds(cells int) bounds {
	if o.Part == "" {
		return bounds{0, cells}
	}
	part, of := o.numbers()
	return partBounds(cells, part, of)
}

// partBounds is the part-th of so many even, contiguous shares. Those of fewer cells
// than parts may be empty.
func partBounds(cells, part, of int) bounds {
	return bounds{cells * (part - 1) / of, cells * part / of}
}
