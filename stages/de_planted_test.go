package stages

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"cellvi/io/counts"
	"cellvi/pipeline"
)

// planted is a table of two types of cells in two samples, and a third type of
// seven cells. Of its genes the first 12 are four times as many in B as in T, the
// next 12 a quarter as many, and the last 6 hardly there; samples differ in some.
const plantedGenes, plantedCells = 90, 607

// plantedTable draws negative binomial counts of mean mu and inverse dispersion 5.
func plantedTable() *table {
	rng := rand.New(rand.NewPCG(21, 22))
	t := &table{}
	for g := range plantedGenes {
		t.genes = append(t.genes, fmt.Sprintf("g%02d", g))
	}
	kind := counts.Column{Name: "type", Kind: counts.Categorical, Levels: []string{"T", "unused", "B", "few"}}
	sample := counts.Column{Name: "sample", Kind: counts.String}
	noted := counts.Column{Name: "noted", Kind: counts.String, Missing: make([]bool, plantedCells)}
	one := counts.Column{Name: "one", Kind: counts.Int}
	for i := range plantedCells {
		t.cells = append(t.cells, fmt.Sprintf("cell%d", i))
		code, of := int32(i%3/2*2), i/2%2
		if i >= plantedCells-7 {
			code = 3
		}
		kind.Codes, sample.Strings, one.Ints = append(kind.Codes, code), append(sample.Strings, []string{"s1", "s2"}[of]), append(one.Ints, 1)
		noted.Strings, noted.Missing[i] = append(noted.Strings, []string{"a", "b", ""}[i%3]), i%3 == 2
		row := make([]float64, plantedGenes)
		library := math.Exp(0.2 * rng.NormFloat64())
		for g := range row {
			row[g] = plantedCount(rng, library*plantedMean(g, code == 2, of))
		}
		t.rows = append(t.rows, row)
	}
	t.obs = []counts.Column{kind, sample, noted, one}
	return t
}

// plantedMean is a gene's expected count in B or T of a sample.
func plantedMean(g int, b bool, sample int) float64 {
	mu := 2 + float64(g%5)
	switch {
	case g >= plantedGenes-6:
		return 0.002
	case g < 12 && b:
		mu *= 2
	case g < 12 || g < 24 && b:
		mu /= 2
	case g < 24:
		mu *= 2
	case g >= 70 && sample == 1:
		mu *= 2
	}
	return mu
}

// plantedCount is a negative binomial count.
func plantedCount(rng *rand.Rand, mu float64) float64 {
	const shape = 5
	rate := 0.0
	for range shape {
		rate += rng.ExpFloat64() * mu / shape
	}
	n := -1.0
	for t := 0.0; t < rate; n++ {
		t += rng.ExpFloat64()
	}
	return max(n, 0)
}

// fittedTable is a run's folder with a model trained on the table.
func fittedTable(t *testing.T, x *table, epochs int) Layout {
	t.Helper()
	l := writeStore(t, x)
	prepare := &Prepare{Layout: l, Options: DefaultPrepareOptions(), Shared: DefaultShared()}
	prepare.Options.BatchKey = "sample"
	train := &Train{Layout: l, Options: DefaultTrainOptions(), Shared: DefaultShared()}
	train.Options.NHidden, train.Options.NLatent, train.Options.MaxEpochs = 32, 4, epochs
	for _, stage := range []pipeline.Stage{prepare, train} {
		_, err := run(stage)
		check(t, err)
	}
	return l
}
