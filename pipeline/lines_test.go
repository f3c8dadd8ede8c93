package pipeline

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// clock is a lines whose time the test sets.
func clock(out *bytes.Buffer) (*lines, *time.Time) {
	now := time.Unix(0, 0)
	l := NewLines(zerolog.New(out)).(*lines)
	l.now = func() time.Time { return now }
	return l, &now
}

func TestLinesThrottle(t *testing.T) {
	var out bytes.Buffer
	l, now := clock(&out)
	l.Begin("reading cells", "cells", 1000)
	out.Reset()
	for range 10 {
		*now = now.Add(3 * time.Second)
		l.Add(50)
	}
	l.End()
	want := `{"level":"info","cells":200,"of":1000,"left":48000,"per_second":16.67,"message":"reading cells"}
{"level":"info","cells":400,"of":1000,"left":36000,"per_second":16.67,"message":"reading cells"}
`
	if got := strings.ReplaceAll(strings.ReplaceAll(out.String(), `"48s"`, "48000"), `"36s"`, "36000"); got != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// What an earlier run did took no time: the rate and the time to go are of the rest.
func TestLinesAgain(t *testing.T) {
	var out bytes.Buffer
	l, now := clock(&out)
	l.Begin("refining", "cells", 1000)
	out.Reset()
	l.Again(400)
	l.Again(400)
	*now = now.Add(20 * time.Second)
	l.Add(100)
	l.Begin("training", "minibatches", 20)
	*now = now.Add(30 * time.Second)
	l.Epoch(Epoch{Number: 9, Of: 10})
	for _, want := range []string{`"cells":900,"of":1000,"left":"20s","per_second":5,`, `"epoch":9,"of":10,`, `"left":"30s","message":"training"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}

func TestLinesEpochs(t *testing.T) {
	var out bytes.Buffer
	l, now := clock(&out)
	l.Begin("training", "cells", 0)
	out.Reset()
	for n := 1; n <= 8; n++ {
		*now = now.Add(4 * time.Second)
		l.Add(100)
		l.Epoch(Epoch{Number: n, Of: 8, ELBO: 1000 - float64(n), ELBOValidation: math.NaN(), CellsPerSecond: 25})
	}
	var epochs []string
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if !strings.Contains(line, `"elbo_train":`) || strings.Contains(line, "elbo_validation") {
			t.Errorf("line %s", line)
		}
		epochs = append(epochs, line[strings.Index(line, `"epoch":`)+8:][:1])
	}
	if got := strings.Join(epochs, " "); got != "1 4 7 8" {
		t.Errorf("epochs told: %s", got)
	}
}

func TestTerminal(t *testing.T) {
	var out bytes.Buffer
	term := NewTerminal(&out)
	term.Begin("training", "cells", 100)
	term.Add(50)
	term.Epoch(Epoch{Number: 1, Of: 2, ELBO: 12.345, ELBOValidation: 13})
	time.Sleep(150 * time.Millisecond) // the bar is drawn at most every 100 ms
	term.Add(1)
	if _, err := term.Write([]byte("a line\n")); err != nil {
		t.Fatal(err)
	}
	term.Add(49)
	term.End()
	term.Add(1) // nothing is going on: nothing happens
	for _, want := range []string{"training", "a line\n", "epoch 1/2  ELBO 12.35  validation 13.00"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}
