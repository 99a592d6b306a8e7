package peerstore

import (
	"errors"
	"fmt"

	"orrery/plugins/internal/buntfile"
)

const (
	// formatKey names the format of the file; it sorts before other keys.
	formatKey = "\x00format"
	format    = "1"
	// shrinkFrom is the size in bytes from which on the file is written anew when
	// most of it is old.
	shrinkFrom = 1 << 20
)

// open opens the file and checks all of it.
func (s *Store) open() error {
	f, err := buntfile.Open(s.cfg.Path)
	if err != nil {
		return err
	}
	f.ShrinkFrom = shrinkFrom
	s.file = f
	if err = s.checkAll(); err == nil {
		err = f.Tidy()
	}
	if err != nil {
		s.closeFile()
	}
	return err
}

// checkAll reads every record once.
func (s *Store) checkAll() error {
	s.count = 0
	known := false
	err := s.file.Each(func(key, value string) error {
		body, err := buntfile.Unseal(key, value)
		switch {
		case err != nil:
			return err
		case key != formatKey:
			s.count++
		case body != format:
			return fmt.Errorf("%w: it has format %q, this program writes format %s", buntfile.ErrDamaged, body, format)
		default:
			known = true
		}
		return nil
	})
	switch {
	case err != nil || known:
		return err
	case s.count > 0:
		return fmt.Errorf("%w: it does not name its format", buntfile.ErrDamaged)
	}
	return s.file.Set(formatKey, buntfile.Seal(formatKey, []byte(format)))
}

func (s *Store) closeFile() {
	if s.file != nil {
		_ = s.file.Close() // what is lost is learned anew
		s.file = nil
	}
}

// isDamage tells a file that can be replaced from one that cannot be had.
func isDamage(err error) bool { return errors.Is(err, buntfile.ErrDamaged) }
