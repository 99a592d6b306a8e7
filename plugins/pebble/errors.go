package pebble

import (
	"fmt"
	"strings"
	"sync"
)

// Kind is what is wrong with a store. It is itself an error, so
// errors.Is(err, ErrLocked) works on every Error.
type Kind string

// Error returns the kind in words.
func (k Kind) Error() string { return string(k) }

// The kinds of errors.
const (
	ErrLocked  Kind = "used by another process"
	ErrForeign Kind = "not a chain store"
	ErrNewer   Kind = "written by a newer version"
	ErrDamaged Kind = "damaged"
	ErrAccess  Kind = "cannot be used"     // permissions, not a folder, no space for a new store
	ErrFailed  Kind = "storage has failed" // a read or write error while running
	ErrClosed  Kind = "closed"
)

// next is what a person can do about an error of each kind.
func (k Kind) next() string {
	switch k {
	case ErrLocked:
		return "stop the other node, or choose another folder with --node.data_dir"
	case ErrForeign:
		return "choose an empty folder with --node.data_dir, or move these files away"
	case ErrNewer:
		return "start the version that wrote it, or choose another folder with --node.data_dir"
	case ErrDamaged:
		return "restore the folder from a copy, or begin anew with --node.data_dir NAME"
	case ErrAccess:
		return "check its owner, permissions and free space"
	case ErrFailed:
		return "check the disk and its free space, then start again"
	}
	return ""
}

// Error says what failed, where, and what to do next.
type Error struct {
	Kind  Kind
	Path  string // the file or folder
	Doing string // what was being done, as in "open"
	Err   error  // the cause; may be nil
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s chain store: %s is %s", e.Doing, e.Path, e.Kind)
	if e.Kind == ErrFailed || e.Kind == ErrAccess {
		s = fmt.Sprintf("%s chain store: %s %s", e.Doing, e.Path, e.Kind)
	}
	if e.Err != nil {
		cause, _, _ := strings.Cut(e.Err.Error(), "\n") // Pebble adds lists and hints
		s += fmt.Sprintf(" (%s)", cause)
	}
	if next := e.Kind.next(); next != "" {
		s += "; " + next
	}
	return s
}

// Unwrap lets errors.Is and errors.As match the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// fuse remembers the first failure. Once it is blown nothing is written any
// more: after a failed fsync the kernel may have dropped the data and say
// success next time, so neither we nor Pebble may try again.
type fuse struct {
	mu  sync.Mutex
	err error
	ch  chan error // holds the failure until the owner takes it
}

func newFuse() *fuse { return &fuse{ch: make(chan error, 1)} }

// blow records the first failure and returns it.
func (f *fuse) blow(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
		f.ch <- err
	}
	return f.err
}

func (f *fuse) blown() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
