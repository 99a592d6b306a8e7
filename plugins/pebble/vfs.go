package pebble

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	folderMode = 0o700
	fileMode   = 0o600
)

// guardedFS sees all that Pebble does to the disk. It makes every file private
// whatever the umask, and it blows the fuse at the first write, sync, create
// or rename that fails: Pebble would tell of a failed log write only at a
// later commit.
//
// From then on nothing reaches the disk, and Pebble is told that all is well,
// the failed call included. Pebble would else retry a flush without end (in
// Open, too), panic in the midst of a commit with its locks held, or mend its
// files and delete the log after a failed fsync. This way it comes to a quiet
// end in memory, and only the fuse says what a commit is worth: everyone looks
// at it after the call.
//
// While Pebble opens, no log goes: it flushes what it replays and removes the
// old log before it makes the new one. A crash in between would leave a folder
// without a log, which looks as if somebody had deleted it (checkLogs).
type guardedFS struct {
	vfs.FS
	fuse *fuse

	mu      sync.Mutex
	opening bool
	held    []string // logs that Pebble wanted to remove meanwhile
}

// open runs Pebble's opening, and removes the logs afterwards. When it fails
// they stay.
func (g *guardedFS) open(open func() error) error {
	g.mu.Lock()
	g.opening = true
	g.mu.Unlock()
	err := open()
	g.mu.Lock()
	g.opening = false
	held := g.held
	g.held = nil
	g.mu.Unlock()
	if err != nil {
		return err
	}
	for _, name := range held {
		_ = g.Remove(name) // one that stays is removed by the next opening
	}
	return nil
}

func (g *guardedFS) hold(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opening && strings.HasSuffix(name, logSuffix) {
		g.held = append(g.held, name)
		return true
	}
	return false
}

// private sets the mode of a file on a real disk; the file systems of tests
// have none.
func (g *guardedFS) private(name string, mode fs.FileMode) error {
	if g.FS != vfs.Default {
		return nil
	}
	return os.Chmod(name, mode)
}

// dead reports whether the fuse is blown.
func (g *guardedFS) dead() bool { return g.fuse.blown() != nil }

// check blows the fuse when err is not nil.
func (g *guardedFS) check(doing, name string, err error) {
	if err != nil {
		g.fuse.blow(&Error{Kind: ErrFailed, Path: name, Doing: doing, Err: err})
	}
}

// file guards a file that was made to be written.
func (g *guardedFS) file(name string, make func() (vfs.File, error)) (vfs.File, error) {
	if g.dead() {
		return sink()
	}
	f, err := make()
	if err == nil {
		err = g.private(name, fileMode)
	}
	if err != nil {
		g.check("make a file of", name, err)
		return sink()
	}
	return &guardedFile{File: f, fs: g, name: name}, nil
}

// sink is a file that goes nowhere.
func sink() (vfs.File, error) {
	return vfs.NewMem().Create("sink", vfs.WriteCategoryUnspecified)
}

func (g *guardedFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	// Pebble's marker names the current manifest, which is new and whose name
	// may not be durable yet; after a crash the marker must not be there alone.
	if strings.HasPrefix(g.PathBase(name), "marker.") && !g.dead() {
		dir := g.PathDir(name)
		g.check("sync", dir, syncDir(g.FS, dir))
	}
	return g.file(name, func() (vfs.File, error) { return g.FS.Create(name, c) })
}

func (g *guardedFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return g.file(name, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, c, opts...) })
}

func (g *guardedFS) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.file(name, func() (vfs.File, error) { return g.FS.ReuseForWrite(old, name, c) })
}

// OpenDir is guarded too: syncing a folder is what makes a rename durable.
func (g *guardedFS) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &guardedFile{File: f, fs: g, name: name}, nil
}

func (g *guardedFS) Link(old, name string) error {
	if !g.dead() {
		g.check("link a file of", name, g.FS.Link(old, name))
	}
	return nil
}

func (g *guardedFS) Rename(old, name string) error {
	if !g.dead() {
		g.check("rename a file of", name, g.FS.Rename(old, name))
	}
	return nil
}

// Remove may fail: a file that stays is no loss.
func (g *guardedFS) Remove(name string) error {
	if g.dead() || g.hold(name) {
		return nil
	}
	return g.FS.Remove(name)
}

func (g *guardedFS) RemoveAll(name string) error {
	if g.dead() {
		return nil
	}
	return g.FS.RemoveAll(name)
}

func (g *guardedFS) MkdirAll(dir string, _ fs.FileMode) error {
	if _, err := g.Stat(dir); err == nil {
		return nil
	}
	if err := g.FS.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	return g.private(dir, folderMode)
}

func (g *guardedFS) Lock(name string) (io.Closer, error) {
	l, err := g.FS.Lock(name)
	if err != nil {
		return nil, err
	}
	if err := g.private(name, fileMode); err != nil {
		return nil, firstError(err, l.Close())
	}
	return l, nil
}

func (g *guardedFS) Unwrap() vfs.FS { return g.FS }

type guardedFile struct {
	vfs.File
	fs   *guardedFS
	name string
}

func (f *guardedFile) Write(p []byte) (int, error) {
	if !f.fs.dead() {
		_, err := f.File.Write(p)
		f.fs.check("write to", f.name, err)
	}
	return len(p), nil
}

func (f *guardedFile) WriteAt(p []byte, at int64) (int, error) {
	if !f.fs.dead() {
		_, err := f.File.WriteAt(p, at)
		f.fs.check("write to", f.name, err)
	}
	return len(p), nil
}

func (f *guardedFile) Sync() error {
	if !f.fs.dead() {
		f.fs.check("sync", f.name, f.File.Sync())
	}
	return nil
}

func (f *guardedFile) SyncData() error {
	if !f.fs.dead() {
		f.fs.check("sync", f.name, f.File.SyncData())
	}
	return nil
}

func (f *guardedFile) SyncTo(length int64) (full bool, err error) {
	if !f.fs.dead() {
		full, err = f.File.SyncTo(length)
		f.fs.check("sync", f.name, err)
	}
	return full, nil
}

// Preallocate only saves time; where there is no space, the write will say so.
func (f *guardedFile) Preallocate(offset, length int64) error {
	if !f.fs.dead() {
		_ = f.File.Preallocate(offset, length)
	}
	return nil
}

// Close always closes; some file systems report a failed write here.
func (f *guardedFile) Close() error {
	f.fs.check("close a file of", f.name, f.File.Close())
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
