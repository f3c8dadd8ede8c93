package counts

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// oneCell is a table of a single cell AAAC-1 with the values on genes g0, g1, ….
func oneCell(values ...float64) (*Table, *Frame) {
	t := &Table{Obs: Frame{Names: []string{"empty", "AAAC-1"}}, Indptr: []int64{0, 0, int64(len(values))}, Values: values}
	genes := &Frame{}
	for i := range values {
		t.Genes = append(t.Genes, uint32(i))
		genes.Names = append(genes.Names, "g"+string(rune('0'+i)))
	}
	return t, genes
}

func TestCheckPasses(t *testing.T) {
	var c Check
	c.Add(oneCell(1, 2, 4294967295))
	if err := c.Err("f", "X", false); err != nil || c.Max() != 4294967295 || c.Values != 3 {
		t.Error(err, c)
	}
}

func TestCheckMessages(t *testing.T) {
	const advice = ": these are not raw counts: name the layer that holds them with --layer"
	const pass = ", or pass --allow-non-integer"
	cases := []struct {
		values []float64
		allow  bool
		want   string
	}{
		{[]float64{1, math.Ln2, 1.5}, false, "2 of 3 values are not whole numbers, the first 0.693147 at cell AAAC-1, gene g1" + advice + pass},
		{[]float64{1.5}, false, "1 of 1 values is not a whole number, the first 1.5 at cell AAAC-1, gene g0" + advice + pass},
		{[]float64{1.5, 2}, true, ""},
		{[]float64{-1, 0.5}, false, "1 of 2 values is negative, the first -1 at cell AAAC-1, gene g0; 1 of 2 values is not a whole number, the first 0.5 at cell AAAC-1, gene g1" + advice},
		{[]float64{-1, 0.5}, true, "1 of 2 values is negative, the first -1 at cell AAAC-1, gene g0" + advice},
		{[]float64{math.Inf(1), math.NaN()}, true, "2 of 2 values are not finite, the first +Inf at cell AAAC-1, gene g0" + advice},
		{[]float64{1 << 32}, false, "1 of 1 values is above 4,294,967,295, the first 4294967296 at cell AAAC-1, gene g0" + advice + pass},
		{[]float64{1 << 32}, true, ""},
	}
	for _, c := range cases {
		var check Check
		check.Add(oneCell(c.values...))
		err := check.Err("kang.h5ad", "X", c.allow)
		if c.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		var input *InputError
		if !errors.As(err, &input) || err.Error() != "kang.h5ad: X: "+c.want {
			t.Errorf("%v: got\n%v, want\n%s", c.values, err, "kang.h5ad: X: "+c.want)
		}
	}
}

func TestCheckAddsUp(t *testing.T) {
	var c Check
	for range 1_234_567 / 3 {
		c.Values += 3
		c.Fraction.N += 3
	}
	c.Add(oneCell(0.5))
	if err := c.Err("f", "", false); !strings.Contains(err.Error(), "1,234,567 of 1,234,567 values") {
		t.Error(err)
	}
	if c.Max() != 0 {
		t.Error("a fraction is no largest count")
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		if got := Thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestMakeUnique(t *testing.T) {
	cases := []struct {
		in, want []string
		changed  int
	}{
		{[]string{"a", "b"}, []string{"a", "b"}, 0},
		{nil, nil, 0},
		{[]string{"a", "a", "a", "b"}, []string{"a", "a-1", "a-2", "b"}, 2},
		// As anndata does: a-1 is taken, so that the repeats get -2 and -3.
		{[]string{"a", "a", "a-1", "a"}, []string{"a", "a-2", "a-1", "a-3"}, 2},
		{[]string{"a", "a", "a-1", "a-1"}, []string{"a", "a-2", "a-1", "a-1-1"}, 2},
	}
	for _, c := range cases {
		got := slices.Clone(c.in)
		if changed := MakeUnique(got); changed != c.changed || !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q (%d), want %q (%d)", c.in, got, changed, c.want, c.changed)
		}
	}
}
