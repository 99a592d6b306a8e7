package datadir

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// nobody is a user to whom none of our files belong.
const nobody = 65534

// asNobody runs f as a user without privileges, if we have any. Linux keeps
// that user by thread; a locked thread ends with its goroutine.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := syscall.Setfsuid(nobody)
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	for _, p := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(p, 0o755); err != nil { // others must be able to come here
			t.Fatal(err)
		}
	}
	readOnly := filepath.Join(dir, "readonly")
	if err := os.Mkdir(readOnly, 0o555); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		for _, path := range []string{readOnly, filepath.Join(readOnly, "data")} {
			_, err := Open(path)
			if err == nil {
				t.Errorf("%s was opened", path)
				continue
			}
			wantSentences(t, err.Error(), path, "permission denied")
		}
	})
	if files, err := os.ReadDir(readOnly); err != nil || len(files) > 0 {
		t.Errorf("it touched something: %v, %v", files, err)
	}

	// A folder that became unwritable while the node runs.
	path := filepath.Join(dir, "data")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Write(ChainFile, []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o555); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if err := d.Write(ChainFile, []byte("new")); err == nil {
			t.Error("written")
		}
	})
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if b, err := d.Read(ChainFile); err != nil || string(b) != "old" {
		t.Errorf("%q, %v", b, err)
	}
}
