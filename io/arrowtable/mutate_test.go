package arrowtable

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"
	"fmt"
	"runtime"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"cellvi/io/counts/countstest"
)

func TestMutateScratch(t *testing.T) {
	ways := strings.Split(os.Getenv("MUT"), ",")
	if ways[0] == "" { t.Skip() }
	var seeds [][]byte
	for _, way := range ways {
		for _, rec := range []func(*countstest.FullTable) arrow.RecordBatch{wideRecord, listRecord, longRecord} {
			path := temporary(t, "x")
			storages[way](t, path, rec(seed()), 2)
			b, _ := os.ReadFile(path)
			seeds = append(seeds, b)
		}
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	end := time.Now().Add(100 * time.Second)
	n := 0
	slow := time.Duration(0)
	var peak uint64
	for time.Now().Before(end) {
		b := append([]byte{}, seeds[rng.IntN(len(seeds))]...)
		for range 1 + rng.IntN(4) {
			i := rng.IntN(len(b))
			switch rng.IntN(5) {
			case 0: b[i] ^= 1 << rng.IntN(8)
			case 1: b[i] = byte(rng.IntN(256))
			case 2: b[i] = []byte{0, 0xff, 0x7f, 0x80, 1}[rng.IntN(5)]
			case 3: for k := i; k < min(len(b), i+1+rng.IntN(8)); k++ { b[k] = []byte{0, 0xff, 0x7f}[rng.IntN(3)] }
			case 4: b = append(b[:i], b[min(len(b), i+rng.IntN(9)):]...)
			}
			if len(b) == 0 { b = []byte{1} }
		}
		os.WriteFile("/tmp/w/H4/last"+ways[0], b, 0o666)
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		s := time.Now()
		readAny(t, b, rng.IntN(2) == 0)
		if d := time.Since(s); d > slow { slow = d; os.WriteFile("/tmp/w/H4/slow"+ways[0], b, 0o666) }
		runtime.ReadMemStats(&m1)
		if d := m1.TotalAlloc - m0.TotalAlloc; d > peak { peak = d; os.WriteFile("/tmp/w/H4/big"+ways[0], b, 0o666) }
		if t.Failed() { return }
		n++
	}
	fmt.Println(n, "runs; slowest", slow, "most allocated MB", peak/1e6)
}
