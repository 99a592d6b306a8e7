//go:build !windows

package addrindex

import (
	"os"
	"syscall"
	"testing"

	"orrery/plugins/internal/buntfile"
)

// Who has which address is nobody else's business.
func TestFileMode(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	w := newWorld(t, 14)
	path := indexPath(t)
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, shrinkFrom := range []int64{buntfile.ShrinkFrom, 1} {
		r := w.run(path, func(x *Index) { x.shrinkFrom = shrinkFrom })
		for range 20 {
			w.grow(1)
			w.check(r, "grown")
		}
		r.end(t)
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
}
