package addrindex

import (
	"fmt"
	"os"
)

const (
	// shrinkFrom is the size in bytes from which on a file is worth tidying up.
	shrinkFrom = 32 << 20
	// shrinkGrowth is how many times larger than necessary it may become: each
	// byte is copied once in its life on average.
	shrinkGrowth = 2
)

// tidy writes the file anew without what was replaced since, when that is most
// of it.
func (x *Index) tidy() error {
	info, err := os.Stat(x.cfg.Path)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err) // somebody took it away
	}
	if info.Size() <= max(x.shrinkFrom, shrinkGrowth*x.base) {
		return nil
	}
	if err := x.shrink(); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	if info, err = os.Stat(x.cfg.Path); err == nil {
		x.base = info.Size()
	}
	return err
}

// shrink lets BuntDB do it. BuntDB opens its new file as it is, so that one
// which nobody else may read comes first; and it panics when it cannot put the
// new file in the place of the old.
func (x *Index) shrink() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("shrink: %v", p)
		}
	}()
	f, err := os.OpenFile(x.cfg.Path+tmpSuffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return x.db.Shrink()
}
