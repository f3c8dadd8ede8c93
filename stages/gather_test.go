package stages

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// scatter is cells and a model, to be put through it in parts.
type scatter struct {
	t           *testing.T
	data        Layout // store and prepared
	model       string
	embed       EmbedOptions
	reconstruct ReconstructOptions
	rowGroups   rowGroups
	root        string
}

// do writes both outputs of a part, "" for all cells, to a folder.
func (s *scatter) do(to, part string) Layout {
	s.t.Helper()
	l, o := Layout{filepath.Join(s.root, to)}, PartOptions{Part: part}
	check(s.t, o.Validate())
	check(s.t, s.embedding(l, o))
	_, err := run(&Reconstruct{Layout: l, StorePath: s.data.Store(), PreparedPath: s.data.Prepared(), ModelPath: s.model, Options: s.reconstruct, Part: o, rowGroups: s.rowGroups})
	check(s.t, err)
	return l
}

func (s *scatter) embedding(to Layout, part PartOptions) error {
	_, err := run(&Embed{Layout: to, StorePath: s.data.Store(), PreparedPath: s.data.Prepared(), ModelPath: s.model, Options: s.embed, Part: part, rowGroups: s.rowGroups})
	return err
}

// parts are folders of n parts, shuffled.
func (s *scatter) parts(n int, rng *rand.Rand) []string {
	s.t.Helper()
	dirs := make([]string, n)
	for i, to := range rng.Perm(n) {
		dirs[to] = s.do(fmt.Sprintf("%d of %d", i+1, n), fmt.Sprintf("%d/%d", i+1, n)).Dir
	}
	return dirs
}

// gather joins parts in a new folder.
func (s *scatter) gather(dirs ...string) (Layout, error) {
	l := Layout{s.t.TempDir()}
	_, err := run(&Gather{Layout: l, Parts: dirs})
	return l, err
}

// cellFiles are latent and reconstruction of a run.
func cellFiles(t *testing.T, l Layout) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(l.Reconstruction(), "*"))
	check(t, err)
	for _, path := range append(paths, l.Latent()) {
		text, err := os.ReadFile(path)
		check(t, err)
		files[strings.TrimPrefix(path, l.Dir)] = text
	}
	return files
}

// scatterable trains models of several kinds on the same cells.
func scatterable(t *testing.T) (models []string) {
	t.Helper()
	o := DefaultPrepareOptions()
	o.BatchKey = "sample"
	data := prepareTable(t, trainable(), o)
	for _, set := range []func(o *TrainOptions){
		func(*TrainOptions) {},
		func(o *TrainOptions) { o.GeneLikelihood, o.Dispersion = "zinb", "gene-cell" },
		func(o *TrainOptions) { o.GeneLikelihood, o.LatentDistribution = "poisson", "ln" },
		func(o *TrainOptions) { o.GeneLikelihood, o.Dispersion = "zinb", "gene-batch" },
	} {
		models = append(models, trainedModel(t, data, set))
	}
	return models
}

// trainedModel is the folder of a small model, for options that set changes.
func trainedModel(t *testing.T, data Layout, set func(o *TrainOptions)) string {
	t.Helper()
	options := quick()
	options.MaxEpochs = 1
	set(&options)
	l := Layout{t.TempDir()}
	_, err := run(&Train{Layout: l, StorePath: data.Store(), PreparedPath: data.Prepared(), Options: options, Shared: DefaultShared()})
	check(t, err)
	return l.Model()
}

// The parts of any number of cells, in any number and order, cut into any row groups,
// give together the bytes of all cells at once.
func TestGatherIsTheWhole(t *testing.T) {
	models, rng := scatterable(t), rand.New(rand.NewPCG(7, 7))
	genes := filepath.Join(t.TempDir(), "genes")
	check(t, os.WriteFile(genes, []byte("g7\ng3\ng20\n"), 0o666))
	for trial := range 20 {
		o := DefaultPrepareOptions()
		o.BatchKey, o.MinCounts = "sample", []float64{0, 80, 95}[rng.IntN(3)]
		x, cells := trainable(), 40+rng.IntN(51)
		x.cells, x.rows = x.cells[:cells], x.rows[:cells]
		for i := range x.obs {
			x.obs[i] = x.obs[i].Slice(0, cells)
		}
		every := 1 + rng.IntN(cells)
		s := &scatter{t: t, data: prepareTable(t, x, o), model: models[trial%len(models)], root: t.TempDir(),
			embed:       EmbedOptions{LatentVar: rng.IntN(2) == 0},
			reconstruct: ReconstructOptions{Reconstruct: []string{"px_rate", "px_scale"}[rng.IntN(2)]},
			rowGroups:   func(p *prepared) []bounds { return p.stretches(every) }}
		if trial%3 == 0 {
			s.reconstruct.ReconstructGenes = genes
		}
		if trial%6 == 5 {
			s.rowGroups = nil
		}
		n := 1 + rng.IntN([]int{3, 12}[rng.IntN(2)])
		if trial == 10 {
			n = 100 // more than cells
		}
		t.Run(fmt.Sprintf("%d cells, groups of %d rows, %d parts", cells, every, n), func(t *testing.T) {
			s.t = t
			want := cellFiles(t, s.do("whole", ""))
			l, err := s.gather(s.parts(n, rng)...)
			check(t, err)
			wantSame(t, "gathered", cellFiles(t, l), want)
		})
	}
}

// A part is a table of its own: its rows are those of the whole, and what it is stands in
// its metadata.
func TestPartIsATable(t *testing.T) {
	s := exampleScatter(t)
	whole, err := results.Read(s.do("whole", "").Latent())
	check(t, err)
	first := 0
	for i := 1; i <= 4; i++ {
		part, err := results.Read(s.do("part", fmt.Sprintf("%d/4", i)).Latent())
		check(t, err)
		if part.Index != "cell_id" || !strings.Contains(part.Metadata[partEntry], fmt.Sprintf(`"part":%d,"of":4,"first":%d,"cells":90,`, i, first)) {
			t.Errorf("part %d has index %q and %v", i, part.Index, part.Metadata)
		}
		for k, c := range part.Columns {
			for row := range c.Len() {
				if w := whole.Columns[k]; c.Name != w.Name || k == 0 && c.String[row] != w.String[first+row] || k > 0 && c.Float32[row] != w.Float32[first+row] {
					t.Fatalf("part %d: row %d of %s is not that of the whole", i, row, c.Name)
				}
			}
		}
		first += part.Rows()
	}
	if first != 90 || whole.Metadata[partEntry] != "" {
		t.Errorf("%d rows in parts of 90; the whole has %v", first, whole.Metadata)
	}
}

// exampleScatter is all cells of the example, in row groups of 20.
func exampleScatter(t *testing.T) *scatter {
	t.Helper()
	o := DefaultPrepareOptions()
	o.BatchKey = "sample"
	return &scatter{t: t, data: prepareTable(t, trainable(), o), model: scatterable(t)[0], root: t.TempDir(), reconstruct: DefaultReconstructOptions(),
		rowGroups: func(p *prepared) []bounds { return p.stretches(20) }}
}

// The same parts come of copies elsewhere, and are known as the same.
func TestPartsOfCopies(t *testing.T) {
	s := exampleScatter(t)
	copied := Layout{t.TempDir()}
	for from, to := range map[string]string{s.data.Store(): copied.Store(), s.data.Prepared(): copied.Prepared(), s.model: copied.Model()} {
		check(t, os.CopyFS(to, os.DirFS(from)))
	}
	other := &scatter{t: t, data: copied, model: copied.Model(), root: t.TempDir(), reconstruct: s.reconstruct, rowGroups: s.rowGroups}
	l, err := s.gather(s.do("one", "1/2").Dir, other.do("two", "2/2").Dir)
	check(t, err)
	wantSame(t, "gathered", cellFiles(t, l), cellFiles(t, s.do("whole", "")))
}

// Parts that make no whole are refused, in a line that says which.
func TestGatherRefuses(t *testing.T) {
	s := exampleScatter(t)
	rng := rand.New(rand.NewPCG(1, 1))
	s.parts(4, rng)
	of4 := func(i int) string { return filepath.Join(s.root, fmt.Sprintf("%d of 4", i)) }
	again, fewer, whole := s.do("again", "2/4").Dir, s.do("fewer", "2/3").Dir, s.do("whole", "").Dir
	gathers := func(code int, words string, dirs ...string) {
		t.Helper()
		_, err := s.gather(dirs...)
		wantError(t, err, code, strings.Split(words, "|")...)
	}
	gathers(65, "reconstruction/px_rate.parquet: misses parts 1, 3 of 4: name", of4(2), of4(4))
	gathers(65, "misses part 4 of 4", of4(2), of4(1), of4(3))
	gathers(65, again+"|is part 2 of 4, and so is|"+of4(2), of4(1), of4(2), again, of4(3), of4(4))
	gathers(65, fewer+"|is part 2 of 3|"+of4(1)+"|is part 1 of 4", of4(1), fewer, of4(3), of4(4))
	gathers(65, whole+"|without --part", of4(1), whole)
	gathers(66, "nowhere|no such", of4(1), filepath.Join(s.root, "nowhere"))
	gathers(66, "neither latent.parquet nor reconstruction", of4(1), t.TempDir())
	gathers(65, "is no folder", filepath.Join(of4(1), "latent.parquet"))

	_, err := run(&Gather{Layout: Layout{of4(1)}, Parts: []string{of4(1), of4(2), of4(3), of4(4)}})
	wantError(t, err, 64, "--outdir too")
	s.embed.LatentVar = true
	gathers(65, "other columns", s.do("variances", "1/4").Dir, of4(2), of4(3), of4(4))
	s.embed.LatentVar, s.reconstruct.Reconstruct = false, "px_scale"
	gathers(65, "holds px_r.parquet, px_scale.parquet|same options", s.do("shares", "1/4").Dir, of4(2), of4(3), of4(4))
	s.reconstruct.Reconstruct = "px_rate"

	check(t, os.RemoveAll(Layout{of4(4)}.Reconstruction()))
	gathers(65, "reconstruction/px_rate.parquet: misses part 4 of 4", of4(1), of4(2), of4(3), of4(4))
	s.model = scatterable(t)[1]
	gathers(65, "px_dropout.parquet, px_r.parquet, px_rate.parquet|same options", s.do("other likelihood", "1/4").Dir, of4(2), of4(3))
	other := exampleScatter(t)
	s.model = trainedModel(t, other.data, func(o *TrainOptions) { o.MaxEpochs = 2 })
	gathers(65, "another model", s.do("other model", "1/4").Dir, of4(2), of4(3), of4(4))
	x := trainable()
	x.rows[3][5]++
	o := DefaultPrepareOptions()
	o.BatchKey = "sample"
	other.data = prepareTable(t, x, o)
	gathers(65, "another cells store", other.do("other cells", "1/4").Dir, of4(2), of4(3), of4(4))
}

// Whatever is damaged in a part, what is gathered is the whole, or nothing is: it is
// refused as bad input.
func TestGatherDamaged(t *testing.T) {
	s, rng := exampleScatter(t), rand.New(rand.NewPCG(3, 3))
	dirs := s.parts(3, rng)
	want := cellFiles(t, s.do("whole", ""))
	files, err := filepath.Glob(filepath.Join(dirs[0], "*", "*.parquet"))
	check(t, err)
	refused := 0
	for _, path := range append(files, filepath.Join(dirs[0], "latent.parquet")) {
		sound, err := os.ReadFile(path)
		check(t, err)
		for range 60 {
			damaged := bytes.Clone(sound)
			if rng.IntN(4) == 0 {
				damaged = damaged[:rng.IntN(len(damaged))]
			} else {
				damaged[rng.IntN(len(damaged))] ^= byte(1 + rng.IntN(255))
			}
			check(t, os.WriteFile(path, damaged, 0o666))
			l, err := s.gather(dirs...)
			if err == nil {
				wantSame(t, "gathered of a damaged part", cellFiles(t, l), want)
				continue
			}
			refused++
			wantError(t, err, 65, ".parquet")
		}
		check(t, os.WriteFile(path, sound, 0o666))
	}
	if refused < 150 {
		t.Errorf("only %d of 180 damaged files were refused", refused)
	}
}

// A gathering that is interrupted leaves nothing.
func TestGatherStops(t *testing.T) {
	s := exampleScatter(t)
	g := &Gather{Layout: Layout{t.TempDir()}, Parts: s.parts(3, rand.New(rand.NewPCG(3, 3)))}
	ctx, cancel := context.WithCancel(t.Context())
	job := pipeline.NewJob(zerolog.Nop(), &cancelAfter{pipeline.NewLines(zerolog.Nop()), 2, cancel}, 1, 0)
	wantError(t, g.Run(ctx, job), pipeline.ExitInterrupted)
	if left, err := filepath.Glob(filepath.Join(g.Dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v was left (%v)", left, err)
	}
}

// What does not fit the budget is said before.
func TestGatherMemory(t *testing.T) {
	s := exampleScatter(t)
	g := &Gather{Layout: Layout{t.TempDir()}, Parts: s.parts(2, rand.New(rand.NewPCG(3, 3)))}
	job := pipeline.NewJob(zerolog.Nop(), pipeline.NewLines(zerolog.Nop()), 1, programBytes)
	wantError(t, g.Run(t.Context(), job), pipeline.ExitOverMemory, "--memory allows")
}

// A part is written in one way, and each is another result.
func TestPartOptions(t *testing.T) {
	for _, bad := range []string{"3", "0/3", "4/3", "1/0", "/", "1/", "/2", "-1/2", "01/2", "1/02", "1/100001", "1 / 2", "1/2/3", "1.0/2", "9999999999999999999/9999999999999999999"} {
		wantError(t, PartOptions{Part: bad}.Validate(), 64, "--part", "I/N")
	}
	for _, good := range []string{"", "1/1", "3/8", "100000/100000"} {
		check(t, PartOptions{Part: good}.Validate())
	}
	wantError(t, PartOptions{Part: "1/2"}.ValidateWith(EmbedOptions{WriteH5AD: "x.h5ad"}), 64, "--part", "--write-h5ad")
	for _, n := range []int{0, 1, 7, 100, 1 << 31} {
		for _, of := range []int{1, 2, 3, 99_999} {
			at, most, least := 0, 0, n
			for part := 1; part <= of; part++ {
				b := PartOptions{Part: fmt.Sprintf("%d/%d", part, of)}.bounds(n)
				if b.from != at || b.to < b.from {
					t.Fatalf("part %d of %d of %d cells is %v, after %d", part, of, n, b, at)
				}
				at, most, least = b.to, max(most, b.to-b.from), min(least, b.to-b.from)
			}
			if at != n || most-least > 1 {
				t.Errorf("%d parts of %d cells: %d to %d cells, %d in all", of, n, least, most, at)
			}
		}
	}
	args := func(part string) string {
		a, err := json.Marshal((&Embed{Part: PartOptions{Part: part}}).Plan().Args)
		check(t, err)
		b, err := json.Marshal((&Reconstruct{Part: PartOptions{Part: part}}).Plan().Args)
		check(t, err)
		return string(a) + string(b)
	}
	if args("") != `{"latent_var":false}{"reconstruct":""}` || args("1/2") != `{"latent_var":false,"part":"1/2"}{"reconstruct":"","part":"1/2"}` {
		t.Errorf("run.json has %s and %s", args(""), args("1/2"))
	}
}
