package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"cellvi/io/safetensors"
	"cellvi/model/kernel"
)

func shared(t testing.TB) string {
	dir := os.Getenv("CELLVI_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no shared folder (%v): set CELLVI_SHARED", err)
	}
	return dir
}

// golden is what config.json says of a case; what it does not set is scvi-tools'
// default.
type golden struct {
	Config
	Setup struct {
		Cats  []string `json:"categorical_covariate_keys"`
		Conts []string `json:"continuous_covariate_keys"`
		Size  string   `json:"size_factor_key"`
	} `json:"setup"`
	KLWeight   float64          `json:"kl_weight_train"`
	Parameters map[string][]int `json:"parameters"`
}

func goldenConfig(t *testing.T, path string) golden {
	g := golden{Config: DefaultConfig()}
	text, err := os.ReadFile(path)
	var first struct {
		Model string `json:"model"`
		Norm  any    `json:"use_batch_norm"` // a truth value in LinearSCVI
	}
	err = errors.Join(err, json.Unmarshal(text, &first))
	g.GeneLikelihood = "zinb" // SCVI's default, and AUTOZI's
	if first.Model == LinearSCVI {
		g.GeneLikelihood, g.UseObservedLibSize = "nb", false
	}
	for on, is := range map[string]string{"true": `"both"`, "false": `"none"`} {
		if fmt.Sprint(first.Norm) == on {
			text = regexp.MustCompile(`("use_batch_norm":\s*)`+on).ReplaceAll(text, []byte("${1}"+is))
		}
	}
	if err = errors.Join(err, json.Unmarshal(text, &g)); err != nil {
		t.Fatal(err)
	}
	g.NLabels = max(1, g.NLabels)
	g.NContinuousCov, g.UseSizeFactor = len(g.Setup.Conts), g.Setup.Size != ""
	if len(g.NCatsPerCov) == 0 {
		g.goldenLevels(t, filepath.Dir(path))
	}
	if err := g.Validate(); err != nil {
		t.Fatal(err)
	}
	return g
}

// goldenLevels finds the levels of the categorical covariates, which are nowhere written:
// the codes of the minibatch have most of them, and the width of a layer tells the rest.
func (g *golden) goldenLevels(t *testing.T, dir string) {
	n := len(g.Setup.Cats)
	if n == 0 {
		return
	}
	codes, levels := readTensors(t, dir, "minibatch")["cat_covs"], make([]int, n)
	for i := range codes.Len() {
		levels[i%n] = max(levels[i%n], int(codes.at(i))+1)
	}
	width := g.Parameters["decoder.px_decoder.fc_layers.Layer 0.0.weight"][1]
	rest := width - g.NLatent - g.dense() - columnsOf(g.hots()) - columnsOf(levels)
	levels[n-1] += rest
	g.NCatsPerCov = levels
}

type tensorMap map[string]tensor

type tensor struct{ safetensors.Tensor }

// at is element i, whatever its type.
func (x tensor) at(i int) float64 {
	switch {
	case x.F32 != nil:
		return float64(x.F32[i])
	case x.F64 != nil:
		return x.F64[i]
	}
	return float64(x.I64[i])
}

func readTensors(t *testing.T, dir, name string) tensorMap {
	list, _, err := safetensors.Read(filepath.Join(dir, name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	m := tensorMap{}
	for _, x := range list {
		m[x.Name] = tensor{x}
	}
	return m
}

func public(m tensorMap) []Tensor {
	var out []Tensor
	for name, x := range m {
		out = append(out, Tensor{Name: name, Shape: x.Shape, Data: x.F32})
	}
	return out
}

// goldenMinibatch turns the dense counts into a Minibatch with the frozen noise.
func goldenMinibatch[T kernel.Float](t *testing.T, dir string, v *VAE[T]) *Minibatch[T] {
	mb := readTensors(t, dir, "minibatch")
	x, width := mb["x"], v.Width()
	cells, rows := NewCells(width, x.Shape[0], Extent{}), make([]int, x.Shape[0])
	for i := range rows {
		var genes []int32
		var counts []float32
		for g := range width.Genes {
			if c := x.F32[i*width.Genes+g]; c != 0 {
				genes, counts = append(genes, int32(g)), append(counts, c)
			}
		}
		cells.Append(genes, counts, goldenCovariates(mb, v.Config, i), int64(i))
		rows[i] = i
	}
	if err := cells.Check(v.Config); err != nil {
		t.Fatal(err)
	}
	m := &Minibatch[T]{}
	m.fill(cells, rows, v.frame)
	for _, e := range mb["eps_z"].F32 {
		m.Noise = append(m.Noise, T(e))
	}
	for _, e := range mb["eps_l"].F32 {
		m.NoiseL = append(m.NoiseL, T(e))
	}
	return m
}

func goldenCovariates(mb tensorMap, cfg Config, i int) Covariates {
	cov := Covariates{Batch: int32(mb["batch_index"].at(i))}
	if cfg.NLabels > 1 {
		cov.Label = int32(mb["labels"].at(i))
	}
	for k, n := 0, len(cfg.NCatsPerCov); k < n; k++ {
		cov.Cats = append(cov.Cats, int32(mb["cat_covs"].at(i*n+k)))
	}
	for k := range cfg.NContinuousCov {
		cov.Conts = append(cov.Conts, float32(mb["cont_covs"].at(i*cfg.NContinuousCov+k)))
	}
	if cfg.UseSizeFactor {
		cov.SizeFactor = float32(mb["size_factor"].at(i))
	}
	return cov
}
