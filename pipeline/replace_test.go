package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPublishDirReplaces: which older folders a new one, of the files a and b,
// takes the place of. The others stand as they were.
func TestPublishDirReplaces(t *testing.T) {
	for name, c := range map[string]struct {
		holds, replaces string // names; one that ends in / is a folder
		refused         string // the name that the error tells
	}{
		"empty":             {"", "", ""},
		"the same":          {"a b", "", ""},
		"fewer":             {"a", "", ""},
		"a temporary":       {"a .a.cellvi-part .b.cellvi-part-old", "", ""},
		"replaceable":       {"a c", "c d", ""},
		"a file":            {"a notes.txt", "c", "notes.txt"},
		"a hidden file":     {".notes", "", ".notes"},
		"a folder":          {"b/", "", "b"},
		"a folder as asked": {"c/", "c", "c"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			fill(t, path, strings.Fields(c.holds))
			err := PublishDir(path, writeFolder("new"), strings.Fields(c.replaces)...)
			if c.refused == "" {
				if err != nil || read(t, path) != "new" {
					t.Error(err)
				}
				return
			}
			want := path + ": holds " + c.refused + ", which cellvi did not write: move it away, or name another folder"
			if ExitCode(err) != ExitCantCreate || err.Error() != want {
				t.Errorf("exit code %d: %v", ExitCode(err), err)
			}
			entries, err := os.ReadDir(path)
			if err != nil || len(entries) != len(strings.Fields(c.holds)) {
				t.Errorf("it holds %v, %v", entries, err)
			}
			if _, err := os.Stat(temporary(path)); err == nil {
				t.Error("the temporary is left")
			}
		})
	}
}

// fill makes a folder with empty files and folders.
func fill(t *testing.T, path string, names []string) {
	t.Helper()
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, "/") {
			put(t, filepath.Join(path, name), "")
		} else if err := os.Mkdir(filepath.Join(path, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPublishDirOverFile: a file, or a link to a folder, is no folder to replace.
func TestPublishDirOverFile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	put(t, file, "mine")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, link} {
		err := PublishDir(path, writeFolder("new"))
		if ExitCode(err) != ExitCantCreate || !strings.HasPrefix(err.Error(), path+": is no folder") {
			t.Errorf("exit code %d: %v", ExitCode(err), err)
		}
	}
	if read(t, file) != "mine" {
		t.Error("the file was changed")
	}
}
