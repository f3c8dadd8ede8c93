package pipeline

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// published is a folder of two files, published.
func published(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := PublishDir(dir, writeFolder("some text")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestSums: whatever of a folder is changed after it was published, by a bit, is
// found, and the error names the file.
func TestSums(t *testing.T) {
	dir := published(t)
	check := func() error {
		_, err := newHasher("").verified(context.Background(), []string{dir})
		return err
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", SumsFile} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(text) * 8 {
			bad := []byte(string(text))
			bad[i/8] ^= 1 << (i % 8)
			write(t, path, string(bad))
			if err := check(); ExitCode(err) != ExitBadInput || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("bit %d of %s: exit code %d: %v", i, name, ExitCode(err), err)
			}
		}
		write(t, path, string(text))
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
}

// TestSumsNames: files that are missing or were added are told.
func TestSumsNames(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, dir string){
		"c: is not among": func(t *testing.T, dir string) { write(t, filepath.Join(dir, "c"), "x") },
		"every file": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "b")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		dir := published(t)
		change(t, dir)
		_, err := newHasher("").verified(context.Background(), []string{dir})
		if ExitCode(err) != ExitBadInput || !strings.Contains(err.Error(), name) {
			t.Errorf("exit code %d: %v", ExitCode(err), err)
		}
	}
}

// TestSumsOfOthers: a folder without sums, and one file, are taken as they are.
func TestSumsOfOthers(t *testing.T) {
	dir := published(t)
	if err := os.Remove(filepath.Join(dir, SumsFile)); err != nil {
		t.Fatal(err)
	}
	found, err := newHasher("").verified(context.Background(), []string{dir, filepath.Join(dir, "a")})
	if err != nil || len(found) != 3 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestSumsHidden: what is hidden may come and go, as NFS' names of removed files do.
func TestSumsHidden(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	if err := PublishDir(dir, func(tmp string) error {
		write(t, filepath.Join(tmp, ".nfs01"), "x")
		return writeFolder("some text")(tmp)
	}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, ".nfs01")); err != nil {
		t.Fatal(err)
	}
	found, err := newHasher("").verified(context.Background(), []string{dir})
	if err != nil || len(found) != 3 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestTrust: what the folder's sums tell is what hashing finds.
func TestTrust(t *testing.T) {
	dir := published(t)
	told, found := newHasher(""), newHasher("")
	if err := told.trust([]string{dir}); err != nil || len(told.known) != 2 {
		t.Fatalf("%d files, %v", len(told.known), err)
	}
	for _, h := range []*hasher{told, found} {
		if _, err := h.artifacts(context.Background(), []string{dir}); err != nil || len(h.known) != 3 {
			t.Fatalf("%d files, %v", len(h.known), err)
		}
	}
	for stamp, sum := range found.known {
		if told.known[stamp] != sum {
			t.Errorf("%v: %s, told %s", stamp, sum, told.known[stamp])
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
