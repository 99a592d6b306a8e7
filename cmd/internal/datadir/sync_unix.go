//go:build !windows

package datadir

import (
	"errors"
	"os"
)

// syncFolder makes a rename durable.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
