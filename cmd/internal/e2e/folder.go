package e2e

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Folder is what a folder holds: modes, times of change, and hashes of
// contents, by path.
type Folder map[string]string

// ReadFolder reads everything below dir.
func ReadFolder(t testing.TB, dir string) Folder {
	t.Helper()
	f := Folder{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := fmt.Sprintf("%v %v", info.Mode(), info.ModTime().UnixNano())
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %x", sha256.Sum256(b))
		}
		name, err := filepath.Rel(dir, path)
		f[name] = what
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Diff lists the paths that differ, "" when nothing does.
func (f Folder) Diff(g Folder) string {
	var names []string
	for name, what := range f {
		if g[name] != what {
			names = append(names, name+": "+what+" → "+g[name])
		}
	}
	for name := range g {
		if _, ok := f[name]; !ok {
			names = append(names, name+" is new")
		}
	}
	slices.Sort(names)
	return strings.Join(names, "\n")
}

// CopyFolder copies everything below from to a new temporary folder.
func CopyFolder(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(from))
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}
