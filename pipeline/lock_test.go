package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLockTakenThisInstant: who took the lock but has not yet written who it is, is
// waited for, so that the refused run can name it.
func TestLockTakenThisInstant(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, lockFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(100 * time.Millisecond)
		_, _ = f.WriteString("1234 2026-11-21 22:14:46 node7\n")
	}()
	_, err = lock(Lock{dir, "--outdir"})
	if ExitCode(err) != ExitCantCreate || !strings.Contains(err.Error(), "another cellvi (process 1234 on node7, since 2026-11-21 22:14:46) is at work") {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}
