package buntfile

import (
	"fmt"
	"os"
)

const (
	// ShrinkFrom is the size in bytes from which on a file is worth tidying up.
	ShrinkFrom = 32 << 20
	// shrinkGrowth is how many times larger than necessary it may become: each
	// byte is copied once in its life on average.
	shrinkGrowth = 2
)

// Tidy writes the file anew without what was replaced since, when that is most
// of it. An error wraps ErrDamaged: the file is gone, or half replaced.
func (f *File) Tidy() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err) // somebody took it away
	}
	if info.Size() <= max(f.ShrinkFrom, shrinkGrowth*f.base) {
		return nil
	}
	if err := f.shrink(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if info, err = os.Stat(f.path); err == nil {
		f.base = info.Size()
	}
	return err
}

// shrink lets BuntDB do it. BuntDB opens its new file as it is, so that one
// which nobody else may read comes first; and it panics when it cannot put the
// new file in the place of the old.
func (f *File) shrink() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("shrink: %v", p)
		}
	}()
	file, err := os.OpenFile(f.path+TmpSuffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return f.DB.Shrink()
}
