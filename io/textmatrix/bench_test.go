package textmatrix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// BenchmarkRead reads 2,000 × 20,000 values, 7 in 100 not zero, both ways round.
func BenchmarkRead(b *testing.B) {
	const rows, columns = 2000, 20000
	var text strings.Builder
	for k := range columns {
		fmt.Fprintf(&text, ",name%d", k)
	}
	state := uint32(1)
	for i := range rows {
		fmt.Fprintf(&text, "\nrow%d", i)
		for range columns {
			if state = state*1664525 + 1013904223; state>>25 > 118 {
				fmt.Fprintf(&text, ",%d", 1+state>>8%5)
			} else {
				text.WriteString(",0")
			}
		}
	}
	for _, name := range []string{"x.csv", "x.csv.gz"} {
		path := write(b, name, text.String())
		for _, transpose := range []bool{false, true} {
			for _, threads := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/transpose=%v/threads=%d", name, transpose, threads), func(b *testing.B) {
					b.SetBytes(int64(text.Len()))
					for b.Loop() {
						readAll(b, path, Options{Transpose: transpose, Threads: threads})
					}
				})
			}
		}
	}
}

func readAll(b *testing.B, path string, opt Options) {
	r, err := Open(path, opt)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for {
		if _, err := r.Next(context.Background()); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			b.Fatal(err)
		}
	}
}
