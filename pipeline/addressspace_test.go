package pipeline

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCheckAddressSpace(t *testing.T) {
	for _, c := range []struct {
		limit   uint64
		threads int
		memory  int64
		refused bool
	}{
		{unix.RLIM_INFINITY, 64, 100e9, false},
		{3.4e9, 2, 1e9, false},
		{3.4e9, 2, 2e9, true},
		{3.4e9, 8, 1e9, true},
		{2e9, 1, 100e6, true},
	} {
		err := checkAddressSpace(c.limit, c.threads, c.memory)
		if (err != nil) != c.refused || err != nil && (ExitCode(err) != ExitOverMemory || !strings.Contains(err.Error(), "ulimit -v")) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
