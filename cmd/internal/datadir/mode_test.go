//go:build !windows

package datadir

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Nobody else looks in, whatever the umask.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(t.TempDir(), "deep", "data")
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Write(ChainFile, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, LockFile: 0o600, ChainFile: 0o600} {
		info, err := os.Stat(d.Path(name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}
