package pebble

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	pebbledb "github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"orrery/core/consensus"
)

// Open opens the store in cfg.Dir, or makes one where nothing is yet. Nothing
// in the folder is touched when it is another one's, a newer version's, or
// used by another process.
func Open(cfg Config) (*Store, error) {
	base := cfg.fs
	if base == nil {
		base = vfs.Default
	}
	dir, err := resolve(base, cfg.Dir)
	if err != nil {
		return nil, &Error{Kind: ErrAccess, Path: cfg.Dir, Doing: "open", Err: err}
	}
	s := &Store{dir: dir, fuse: newFuse(), logf: cfg.Logf}
	fsys := &guardedFS{FS: base, fuse: s.fuse}
	if _, err := inspect(fsys, dir); err != nil {
		return nil, err
	}
	if err := fsys.MkdirAll(dir, folderMode); err != nil {
		return nil, &Error{Kind: ErrAccess, Path: dir, Doing: "make", Err: err}
	}
	if s.lock, err = pebbledb.LockDirectory(dir, fsys); err != nil {
		return nil, lockError(dir, err)
	}
	if err := s.openLocked(fsys); err != nil {
		return nil, firstError(err, s.lock.Close())
	}
	return s, nil
}

// resolve returns the one name of a folder, since a process may not lock a
// file twice under two names.
func resolve(fsys vfs.FS, dir string) (string, error) {
	if fsys != vfs.Default {
		return dir, nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil
	}
	return real, err
}

// sharingViolation is what Windows answers for a file that is locked; the
// number means something that cannot happen here elsewhere.
const sharingViolation = syscall.Errno(32)

func lockError(dir string, err error) error {
	var number syscall.Errno
	var path *fs.PathError
	busy := strings.Contains(err.Error(), "lock held by current process")
	if errors.As(err, &number) && !errors.As(err, &path) {
		busy = number == syscall.EAGAIN || number == syscall.EACCES || number == sharingViolation
	}
	if busy {
		return &Error{Kind: ErrLocked, Path: dir, Doing: "open"}
	}
	return &Error{Kind: ErrAccess, Path: dir, Doing: "open", Err: err}
}

// openLocked does the rest of Open. After an error all but the lock is closed.
func (s *Store) openLocked(fsys *guardedFS) error {
	state, err := inspect(fsys, s.dir) // again: another process may have changed it
	if err != nil {
		return err
	}
	if state == stateNew {
		if err := firstError(clear(fsys, s.dir), announce(fsys, s.dir), s.fuse.blown()); err != nil {
			return &Error{Kind: ErrAccess, Path: s.dir, Doing: "make", Err: err}
		}
	} else if err := checkLogs(fsys, s.dir); err != nil {
		return err
	}
	err = fsys.open(func() (err error) {
		s.db, err = s.openPebble(fsys, state)
		return err
	})
	if err != nil {
		return s.openError(state, err)
	}
	// Pebble being open proves nothing when the fuse is blown: see guardedFS.
	s.view = view{r: s.db, store: s}
	s.gate = newGate(&Error{Kind: ErrClosed, Path: s.dir, Doing: "use"}, func() error { return nil })
	if err = s.loadJournal(state); err == nil {
		// A new store must not be empty once it has its format file, and for any
		// other the log must show what a damaged manifest leaves out.
		err = s.mark("open", commitOpened, true)
		s.journal.opened = s.journal.last
	}
	if err == nil && state == stateNew {
		// The log that a new store begins with is in an older format, whose
		// damage nobody can tell from a torn end: the next one is as it should be.
		if err = s.db.Flush(); err == nil {
			err = finish(fsys, s.dir)
		}
	}
	if err == nil {
		err = s.fuse.blown()
	}
	if err != nil {
		s.closePebble()
		return s.openError(state, err)
	}
	return nil
}

// openPebble turns Pebble's panics at damaged files into errors.
func (s *Store) openPebble(fsys vfs.FS, state state) (db *pebbledb.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, s.damaged(fmt.Errorf("%v", p))
		}
	}()
	o := options(fsys, s.lock, (*logger)(s), s.events())
	o.ErrorIfExists = state == stateNew
	o.ErrorIfNotExists = state == stateExisting
	return pebbledb.Open(s.dir, o)
}

// openError says whether the files are at fault or the surroundings.
func (s *Store) openError(state state, err error) error {
	var typed *Error
	if errors.As(err, &typed) {
		return typed
	}
	if err := s.fuse.blown(); err != nil && errors.As(err, &typed) {
		return typed
	}
	var number syscall.Errno
	access := errors.As(err, &number) && !errors.Is(err, fs.ErrNotExist)
	if state == stateNew || access && !isDamage(err) {
		return &Error{Kind: ErrAccess, Path: s.dir, Doing: "open", Err: err}
	}
	return s.damaged(err)
}

func isDamage(err error) bool {
	return pebbledb.IsCorruptionError(err) || errors.Is(err, errRecord) || errors.Is(err, consensus.ErrDecode)
}

// events lists what Pebble tells from its own goroutines.
func (s *Store) events() *pebbledb.EventListener {
	return &pebbledb.EventListener{
		BackgroundError: func(err error) { s.failed("write", err) },
		DataCorruption: func(i pebbledb.DataCorruptionInfo) {
			s.damage.Store(&i.Path)
			s.fuse.blow(&Error{Kind: ErrDamaged, Path: i.Path, Doing: "read", Err: i.Details})
		},
		WALCreated: func(i pebbledb.WALCreateInfo) {
			if i.Err != nil {
				s.failed("write", i.Err)
			}
			s.journal.logBegins()
		},
	}
}

// logger keeps Pebble's notes away from people, and lives on after Fatalf: the
// owner ends the process, having been told by Fatal.
type logger Store

func (l *logger) Infof(string, ...any) {}

func (l *logger) Errorf(format string, args ...any) {
	if l.logf != nil && l.fuse.blown() == nil {
		l.logf(format, args...)
	}
}

func (l *logger) Fatalf(format string, args ...any) {
	(*Store)(l).failed("write", fmt.Errorf(format, args...))
}

// closeLimit bounds how long Close waits for Pebble after a failure: a commit
// that panicked may hold its locks forever.
const closeLimit = 2 * time.Second

// Close ends all snapshots, waits for their readers, writes everything and
// releases the folder. After a failure it returns that, having written nothing.
// A second call does nothing.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.gate.shut()
	if err := s.gate.wait(); err != nil {
		return err
	}
	s.open.Range(func(snap, _ any) bool {
		g := snap.(*snapshot).gate
		g.shut()
		return g.wait() == nil
	})
	var err error
	if s.fuse.blown() == nil {
		err = s.settle()
	}
	if !s.closePebble() {
		s.stuck = true
		return s.fuse.blown() // the lock stays: Pebble is still there
	}
	return firstError(s.fuse.blown(), err, s.lock.Close())
}

// settle moves what the log has into tables, so that the next start has
// nothing to replay.
func (s *Store) settle() error {
	if s.journal.last == s.journal.opened {
		return nil
	}
	if err := s.mark("close", commitClosed, false); err != nil {
		return err
	}
	if err := s.db.Flush(); err != nil {
		return s.failed("close", err)
	}
	return s.fuse.blown()
}

// closePebble reports whether Pebble is closed.
func (s *Store) closePebble() bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				s.failed("close", fmt.Errorf("%v", p))
			}
		}()
		if err := s.db.Close(); err != nil {
			s.failed("close", err)
		}
	}()
	if s.fuse.blown() == nil {
		<-done
		return true
	}
	select {
	case <-done:
		return true
	case <-time.After(closeLimit):
		return false
	}
}
