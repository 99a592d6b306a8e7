package pebble

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// slowLogFS gives the removal of old logs every chance to come before the
// making of a new one, and finds the moments in which there is none.
type slowLogFS struct {
	vfs.FS
	t *testing.T

	mu      sync.Mutex
	removed chan struct{} // closed at the first removal of a log
	logs    int           // made
}

func (f *slowLogFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if strings.HasSuffix(name, ".log") {
		select {
		case <-f.removed:
		case <-time.After(200 * time.Millisecond): // nothing is removed before, as it should be
		}
		f.mu.Lock()
		f.logs++
		f.mu.Unlock()
		f.check()
	}
	return f.FS.Create(name, c)
}

func (f *slowLogFS) Remove(name string) error {
	err := f.FS.Remove(name)
	if strings.HasSuffix(name, ".log") {
		f.check()
		f.mu.Lock()
		defer f.mu.Unlock()
		select {
		case <-f.removed:
		default:
			close(f.removed)
		}
	}
	return err
}

func (f *slowLogFS) check() {
	if err := checkLogs(f.FS, memDir); err != nil {
		f.t.Errorf("a crash now would leave no log: %v", err)
	}
}

// TestOpenKeepsALog: opening after a crash flushes what the log has and removes
// it, but not before there is a new one.
func TestOpenKeepsALog(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s, err := Open(Config{Dir: memDir, fs: disk})
	if err != nil {
		t.Fatal(err)
	}
	h := newHistory(crashSeed)
	for range 20 {
		if err := s.Commit(h.next(), true); err != nil {
			t.Fatal(err)
		}
	}
	crashed := disk.CrashClone(vfs.CrashCloneCfg{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	slow := &slowLogFS{FS: crashed, t: t, removed: make(chan struct{})}
	if s, err = Open(Config{Dir: memDir, fs: slow}); err != nil {
		t.Fatal(err)
	}
	if err := h.m.Diff(s); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-slow.removed:
	default:
		t.Error("the old log was not removed")
	}
	if slow.logs == 0 {
		t.Error("no log was made")
	}
}
