package main

import "testing"

// The budget is what was asked for; where nothing was, it is the same on every
// machine that has as much, for results of streamed training depend on it.
func TestBudget(t *testing.T) {
	asked := app{flags: globals{Memory: 3e8}}
	if got := asked.budget(); got != 3e8 {
		t.Errorf("--memory 300MB gives %d", got)
	}
	for machine, want := range map[int64]int64{0: 1e9, 64e9: 1e9, 1e9: 1e9, 800e6: 600e6} {
		if got := (&app{}).budgetOf(machine); got != want {
			t.Errorf("a machine of %d bytes: %d, want %d", machine, got, want)
		}
	}
}
