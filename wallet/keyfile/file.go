package keyfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gofrs/flock"
)

// File is an open wallet file. Its lock keeps other processes away. It is not
// safe for concurrent use.
type File struct {
	path string
	lock *flock.Flock
	// step is called before each step of a write; tests stop there as a crash
	// would.
	step func(name string) error
}

// Create makes a new wallet file. ErrExists: there is one, which stays as it
// is. ErrInUse: another process has it.
func Create(path string, c Content) (*File, error) {
	f := &File{path: path}
	if err := f.acquire(); err != nil {
		return nil, err
	}
	err := f.create(c)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) create(c Content) error {
	switch _, err := os.Lstat(f.path); {
	case err == nil:
		return fmt.Errorf("%s: %w; choose another name", f.path, ErrExists)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("make the wallet: %w", err)
	}
	return f.Save(c)
}

// Open reads a wallet file. The error wraps fs.ErrNotExist when there is none,
// or one of this package's; nothing is ever made anew.
func Open(path string) (*File, Content, error) {
	// Saving replaces the file, so a link is followed once, here.
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, Content{}, fmt.Errorf("open the wallet: %w", err)
	}
	f := &File{path: real}
	if err := f.acquire(); err != nil {
		return nil, Content{}, err
	}
	c, err := Read(f.path)
	if err != nil {
		return nil, Content{}, errors.Join(err, f.Close())
	}
	// What a crash left half-written holds secrets.
	if err := os.Remove(f.temporary()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, Content{}, errors.Join(fmt.Errorf("open the wallet: %w", err), f.Close())
	}
	return f, c, nil
}

func (f *File) acquire() error {
	f.lock = flock.New(f.path+".lock", flock.SetPermissions(0o600))
	ok, err := f.lock.TryLock()
	if err != nil {
		return fmt.Errorf("lock the wallet: %w", err)
	}
	if !ok {
		return fmt.Errorf("%s: %w by another process; close that one, or ask the running node through RPC", f.path, ErrInUse)
	}
	return nil
}

// Read reads a wallet file without opening it: it takes no lock and touches
// nothing. The errors are Open's, but for ErrInUse.
func Read(path string) (Content, error) {
	in, err := os.Open(path)
	if err != nil {
		return Content{}, fmt.Errorf("open the wallet: %w", err)
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, maxSize+1))
	if err != nil {
		return Content{}, fmt.Errorf("read the wallet: %w", err)
	}
	c, err := decode(raw)
	var bad *DamagedError
	switch {
	case len(raw) > maxSize:
		return Content{}, &DamagedError{path, fmt.Sprintf("it is longer than %d bytes", maxSize)}
	case errors.As(err, &bad):
		bad.Path = path
		return Content{}, bad
	case err != nil:
		return Content{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (f *File) temporary() string { return f.path + ".tmp" }

// Save replaces the file's content and returns when that is durable. After an
// error the old or the new content is there, whole.
func (f *File) Save(c Content) error {
	raw, err := encode(c)
	if err != nil {
		return fmt.Errorf("save the wallet: %w", err)
	}
	if err := f.replace(f.path, raw); err != nil {
		return fmt.Errorf("save the wallet: %w", err)
	}
	return nil
}

// Backup writes a copy with this content to another path, which must not
// exist.
func (f *File) Backup(path string, c Content) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w; choose another name", path, ErrExists)
	}
	raw, err := encode(c)
	if err != nil {
		return fmt.Errorf("back the wallet up: %w", err)
	}
	if err := f.replace(path, raw); err != nil {
		return fmt.Errorf("back the wallet up: %w", err)
	}
	return nil
}

// replace writes a temporary file, makes it durable, renames it over path and
// makes that durable too.
func (f *File) replace(path string, raw []byte) error {
	temporary := path + ".tmp"
	if err := f.at("write"); err != nil {
		return err
	}
	if err := f.write(temporary, raw); err != nil {
		if !errors.Is(err, errCrash) {
			err = errors.Join(err, os.Remove(temporary))
		}
		return err
	}
	if err := f.at("rename"); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if err := f.at("sync folder"); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// errCrash is what tests return from step.
var errCrash = errors.New("crash")

func (f *File) at(name string) error {
	if f.step == nil {
		return nil
	}
	return f.step(name)
}

func (f *File) write(path string, raw []byte) (err error) {
	// Not through a link or an older file with wider permissions.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	half := len(raw) / 2
	if _, err := out.Write(raw[:half]); err != nil {
		return err
	}
	if err := f.at("write the rest"); err != nil {
		return err
	}
	if _, err := out.Write(raw[half:]); err != nil {
		return err
	}
	if err := f.at("sync"); err != nil {
		return err
	}
	return out.Sync()
}

func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // has no such call; its rename is journalled
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Close releases the lock.
func (f *File) Close() error {
	if err := f.lock.Close(); err != nil {
		return fmt.Errorf("release the wallet: %w", err)
	}
	return nil
}
