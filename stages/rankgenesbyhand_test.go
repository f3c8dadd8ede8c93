package stages

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"cellvi/io/counts"
	"cellvi/model"
)

// TestRankGenesByHand: response, direction and difference are what Generate's draws give
// by their definitions.
func TestRankGenesByHand(t *testing.T) {
	x := plantedTable()
	l := fittedTable(t, x, 20)
	table, _, groups, _ := rankRun(t, l, func(o *RankGenesOptions) { bFromT(o); o.NSamples, o.Seed = 2, 9 })
	f, err := openFitted(l.Store(), l.Prepared(), l.Model())
	check(t, err)
	defer f.st.Close() // only read from
	const c = 1e-4
	dims, genes := f.vae.NLatent, f.vae.NInput
	v, lfc := wayByHand(t, f, c)
	length := 0.0
	for _, x := range v {
		length += x * x
	}
	if got := groups.Column("distance").Float64[0]; math.Abs(got-math.Sqrt(length)) > 1e-5*got {
		t.Errorf("distance is %v, want %v", got, math.Sqrt(length))
	}
	response := make([]float64, genes)
	var rows []int32
	for i := range int32(plantedCells - 7) {
		if i%3 == 2 {
			rows = append(rows, i)
		}
	}
	way := make([]float32, dims)
	for j := range way {
		way[j] = float32(v[j])
	}
	ask := model.Asking{Samples: 2, Seed: 9, Pseudocount: c, Direction: func(int) []float32 { return way }}
	err = model.NewEvaluator(f.vae, 1).Respond(context.Background(), f.source(), rows, ask, func(y *model.Responses) error {
		for i, r := range y.Response {
			response[i%genes] += r / float64(len(rows))
		}
		return nil
	})
	check(t, err)
	for i, id := range table.Column("gene_id").String {
		g := slices.Index(f.card.Genes, id)
		if got := table.Column("response").Float64[i]; math.Abs(got-response[g]) > 1e-4 {
			t.Errorf("%s responds by %v, want %v", id, got, response[g])
		}
		if got := table.Column("lfc").Float64[i]; math.Abs(got-lfc[g]) > 1e-4 {
			t.Errorf("%s: lfc is %v, want %v", id, got, lfc[g])
		}
	}
}

// wayByHand is the direction from T to B, and the difference of mean f, of two draws by
// Generate: batch by batch with weights n1 n2/(n1 + n2).
func wayByHand(t *testing.T, f *fitted, c float64) (v, lfc []float64) {
	t.Helper()
	dims, genes := f.vae.NLatent, f.vae.NInput
	z, log, n := [2][2][]float64{}, [2][2][]float64{}, [2][2]float64{}
	for k := range 2 {
		for b := range 2 {
			z[k][b], log[k][b] = make([]float64, dims), make([]float64, genes)
		}
	}
	err := model.NewEvaluator(f.vae, 1).Generate(context.Background(), f.source(), span(0, plantedCells-7), model.Generation{Samples: 2, Seed: 9, Batch: -1}, func(y *model.Generated) error {
		for i := range y.N {
			k, b := (y.First+i)%3/2, (y.First+i)/2%2 // B or T, and the sample, as plantedTable has them
			n[k][b]++
			for j := range dims {
				z[k][b][j] += float64(y.Z[i*dims+j])
			}
			for g := range genes {
				log[k][b][g] += math.Log2(float64(y.Scale[i*genes+g]) + c)
			}
		}
		return nil
	})
	check(t, err)
	v, lfc = make([]float64, dims), make([]float64, genes)
	weights := [2]float64{}
	for b := range weights {
		weights[b] = n[1][b] * n[0][b] / (n[1][b] + n[0][b])
	}
	for b, w := range weights {
		w /= weights[0] + weights[1]
		for j := range v {
			v[j] += w * (z[1][b][j]/n[1][b] - z[0][b][j]/n[0][b])
		}
		for g := range lfc {
			lfc[g] += w * (log[1][b][g]/n[1][b] - log[0][b][g]/n[0][b])
		}
	}
	return v, lfc
}

// TestRankGenesErrorIsCalibrated: groups that are parts of one, drawn at random, respond
// otherwise by the error over cells that each claims, of single draws of z: what draws
// add to it is found from means over 2 and over 20.
func TestRankGenesErrorIsCalibrated(t *testing.T) {
	const parts, seeds = 12, 4
	x := plantedTable()
	part := counts.Column{Name: "part", Kind: counts.String}
	rng := model.Stream(3, model.CellChoice, 0, 0)
	for i := range x.cells {
		name := "T"
		if i%3 == 2 {
			name = fmt.Sprint("B", rng.IntN(parts))
		}
		part.Strings = append(part.Strings, name)
	}
	x.obs = append(x.obs, part)
	l := fittedTable(t, x, 60)
	measure := func(draws int) (claimed, actual float64) {
		for seed := range uint64(seeds) {
			table, _, _, _ := rankRun(t, l, func(o *RankGenesOptions) { o.GroupBy, o.Group2, o.NSamples, o.Seed = "part", "T", draws, seed })
			responses := map[string][]float64{}
			for i, id := range table.Column("gene_id").String {
				responses[id] = append(responses[id], table.Column("response").Float64[i])
				sd := table.Column("sd_cells").Float64[i]
				claimed += sd * sd / parts / seeds
			}
			for id, r := range responses {
				if len(r) != parts {
					t.Fatalf("%s is ranked in %d parts", id, len(r))
				}
				actual += stat.Variance(r, nil) / seeds
			}
		}
		return claimed, actual
	}
	_, two := measure(2)
	claimed, many := measure(20)
	within := (two - many) / (1./2 - 1./20)
	one := many - within/20 + within
	if ratio := math.Sqrt(claimed / one); ratio < 0.8 || ratio > 1.25 {
		t.Errorf("the claimed errors are %.2f of the actual ones, of which draws are %.2f", ratio, math.Sqrt(within/one))
	}
}

// TestRankGenesNeighbours: correlations of neighbours are those of decoded shares over
// the group's cells.
func TestRankGenesNeighbours(t *testing.T) {
	l := fittedTable(t, plantedTable(), 100)
	_, near, _, _ := rankRun(t, l, func(o *RankGenesOptions) {
		o.Group1, o.Top, o.Neighbours, o.NSamples = []string{"T"}, 40, plantedGenes-1, 10
	})
	f, err := openFitted(l.Store(), l.Prepared(), l.Model())
	check(t, err)
	defer f.st.Close() // only read from
	var rows []int32
	for i := range int32(plantedCells - 7) {
		if i%3 < 2 && i/2%2 == 0 { // T's of one sample
			rows = append(rows, i)
		}
	}
	values := make([][]float64, f.vae.NInput)
	err = model.NewEvaluator(f.vae, 1).Generate(context.Background(), f.source(), rows, model.Generation{Samples: 10, Batch: -1}, func(y *model.Generated) error {
		for i, rho := range y.Scale {
			values[i%len(values)] = append(values[i%len(values)], math.Log2(float64(rho)+1e-4))
		}
		return nil
	})
	check(t, err)
	at := func(id string) []float64 { return values[slices.Index(f.card.Genes, id)] }
	var got, want []float64
	for i, id := range near.Column("gene_id").String {
		got = append(got, near.Column("correlation").Float64[i])
		want = append(want, stat.Correlation(at(id), at(near.Column("neighbour").String[i]), nil))
	}
	if len(got) != 40*(plantedGenes-1) {
		t.Errorf("%d pairs", len(got))
	}
	if r := stat.Correlation(got, want, nil); r < 0.9 {
		t.Errorf("they correlate by %.3f with those of decoded shares", r)
	}
	off := 0.0
	for i := range got {
		off += math.Abs(got[i]-want[i]) / float64(len(got))
	}
	if off > 0.2 {
		t.Errorf("they are off by %.3f", off)
	}
}
