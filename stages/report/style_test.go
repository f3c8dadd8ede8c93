package report

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Contrast after WCAG 2.2: 4.5 for text (1.4.3), 3 for what pictures are read by (1.4.11).
func TestContrast(t *testing.T) {
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(style, 2)
	colour := map[string]string{}
	for i, scheme := range []string{"light", "dark"} {
		for _, m := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(blocks[i][1], -1) {
			colour[m[1]] = m[2]
		}
		need := func(least float64, back string, fronts string) {
			for front := range strings.FieldsSeq(fronts) {
				if c := contrast(t, colour[front], colour[back]); c < least {
					t.Errorf("%s: %s on %s has a contrast of %.2f, below %v", scheme, front, back, c, least)
				}
			}
		}
		need(4.5, "page", "ink soft accent")
		need(4.5, "card", "ink soft accent second")
		for _, s := range []string{"good", "fair", "bad", "few"} {
			need(4.5, s+"-back", s)
		}
		need(3, "card", "k0 k1 k2 k3 k4 k5 k6 k7 s0 s1 s2 s3 s4")
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is relative luminance, from WCAG 2.2.
func luminance(t *testing.T, hex string) (sum float64) {
	t.Helper()
	if len(hex) != 7 {
		t.Fatalf("%q is no colour", hex)
	}
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}
