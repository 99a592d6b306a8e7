package keyfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func content(n uint32) Content {
	return Content{
		Words: "abandon about", Created: 1_700_000_000, Birthday: &Block{Hash: "00ff", Height: 7}, Gap: 20,
		Next:   []Counter{{"44h/1h/0h/0", n}, {"44h/1h/0h/1", 2 * n}},
		Labels: []Label{{"mfoo", "Zoë's <shop> & co"}},
	}
}

func create(t *testing.T, c Content) (string, *File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.json")
	f, err := Create(path, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return path, f
}

func reopen(t *testing.T, path string) Content {
	t.Helper()
	f, c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRoundTrip(t *testing.T) {
	path, f := create(t, content(100))
	if err := f.Save(content(200)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := reopen(t, path); !reflect.DeepEqual(got, content(200)) {
		t.Errorf("%+v", got)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".tmp"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	path, _ := create(t, content(1))
	if _, _, err := Open(path); !errors.Is(err, ErrInUse) {
		t.Errorf("open: %v, want ErrInUse", err)
	}
	if _, err := Create(path, content(2)); !errors.Is(err, ErrInUse) {
		t.Errorf("create: %v, want ErrInUse", err)
	}
}

func TestNeverMadeAnew(t *testing.T) {
	path, f := create(t, content(1))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, content(2)); !errors.Is(err, ErrExists) {
		t.Errorf("create: %v, want ErrExists", err)
	}
	missing := filepath.Join(filepath.Dir(path), "missing.json")
	if _, _, err := Open(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v, want fs.ErrNotExist", err)
	}
	if left, _ := filepath.Glob(missing + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if got := reopen(t, path); !reflect.DeepEqual(got, content(1)) {
		t.Errorf("%+v", got)
	}
}

// refused opens a file with these bytes, wants the error and the file as it
// was.
func refused(t *testing.T, raw []byte, want error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(path); !errors.Is(err, want) {
		t.Errorf("error %v, want %v, for %.80q", err, want, raw)
	} else if !strings.Contains(err.Error(), path) {
		t.Errorf("%q does not name the file", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, raw) {
		t.Errorf("the refused file was changed: %v", err)
	}
	f := &File{path: path} // and it is not left locked
	if err := f.acquire(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamage flips one bit of each byte, and cuts the file everywhere: either
// the content is the same (white space) or the error says so.
func TestDamage(t *testing.T) {
	good, err := encode(content(5))
	if err != nil {
		t.Fatal(err)
	}
	check := func(raw []byte, what string, at int) {
		c, err := decode(raw)
		if err == nil && !reflect.DeepEqual(c, content(5)) {
			t.Fatalf("%s at %d is not noticed: %+v", what, at, c)
		}
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) && !errors.Is(err, ErrEncrypted) {
			t.Fatalf("%s at %d: error %v", what, at, err)
		}
	}
	for i := range good {
		for bit := range 8 {
			raw := bytes.Clone(good)
			raw[i] ^= 1 << bit
			check(raw, "a flipped bit", i)
		}
		check(good[:i], "a cut", i)
	}
	refused(t, nil, ErrDamaged)
	refused(t, []byte("{}"), ErrDamaged)
	refused(t, good[:len(good)/2], ErrDamaged)
	refused(t, append(bytes.Clone(good), good...), ErrDamaged)
	refused(t, bytes.Replace(good, []byte(`"index": 5`), []byte(`"index": 4`), 1), ErrDamaged)
}

func TestNewerAndEncryptedAreRefused(t *testing.T) {
	good, err := encode(content(5))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, bytes.Replace(good, []byte(`"version": 1`), []byte(`"version": 2, "new": [1]`), 1), ErrNewer)
	e := envelope{Format: formatName, Version: version, Crypto: []byte(`{"kdf":"argon2id"}`), Content: []byte(`"c2VhbGVk"`)}
	if e.Checksum, err = e.sum(); err != nil {
		t.Fatal(err)
	}
	raw := []byte(`{"format":"orrery-wallet","version":1,"crypto":{"kdf":"argon2id"},"content":"c2VhbGVk","checksum":"` + e.Checksum + `"}`)
	refused(t, raw, ErrEncrypted)
}

// TestKillPoints stops a save before each of its steps, as kill -9 would: the
// old or the new content is there, and the next start cleans up.
func TestKillPoints(t *testing.T) {
	var steps []string
	path, f := create(t, content(1))
	f.step = func(name string) error { steps = append(steps, name); return nil }
	if err := f.Save(content(1)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if len(steps) != 5 {
		t.Fatalf("steps %q", steps)
	}
	old := uint32(1)
	for i, at := range steps {
		f, c, err := Open(path)
		if err != nil || !reflect.DeepEqual(c, content(old)) {
			t.Fatalf("before %q: %+v %v", at, c, err)
		}
		next := uint32(10 * (i + 1))
		f.step = func(name string) error {
			if name == at {
				return errCrash
			}
			return nil
		}
		if err := f.Save(content(next)); !errors.Is(err, errCrash) {
			t.Fatalf("%q: error %v", at, err)
		}
		if err := f.Close(); err != nil { // the system drops a dead process's lock
			t.Fatal(err)
		}
		if at == "sync folder" {
			old = next
		}
		if got := reopen(t, path); !reflect.DeepEqual(got, content(old)) {
			t.Errorf("killed before %q: %+v, want %+v", at, got, content(old))
		}
		if left, _ := filepath.Glob(path + ".tmp"); len(left) > 0 {
			t.Errorf("killed before %q: left behind %v", at, left)
		}
	}
}

func TestFailedSaveKeepsTheFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("left out: Windows has no folder permissions of this kind")
	}
	path, f := create(t, content(1))
	if err := os.Mkdir(path+".tmp", 0o700); err != nil { // nothing can be written there
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path+".tmp", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(content(2)); err == nil {
		t.Fatal("no error")
	}
	if err := os.RemoveAll(path + ".tmp"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := reopen(t, path); !reflect.DeepEqual(got, content(1)) {
		t.Errorf("%+v", got)
	}
}

func TestBackup(t *testing.T) {
	path, f := create(t, content(3))
	copyTo := filepath.Join(filepath.Dir(path), "copy.json")
	if err := f.Backup(copyTo, content(3)); err != nil {
		t.Fatal(err)
	}
	if err := f.Backup(copyTo, content(4)); !errors.Is(err, ErrExists) {
		t.Errorf("error %v, want ErrExists", err)
	}
	if got := reopen(t, copyTo); !reflect.DeepEqual(got, content(3)) {
		t.Errorf("%+v", got)
	}
}

func TestLinkIsKept(t *testing.T) {
	path, f := create(t, content(1))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Skipf("left out: no symbolic links here: %v", err)
	}
	g, _, err := Open(link)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Save(content(2)); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if got := reopen(t, path); !reflect.DeepEqual(got, content(2)) {
		t.Errorf("%+v", got)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	good, _ := encode(content(5))
	f.Add(good)
	f.Add([]byte(`{"format":"orrery-wallet","version":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := decode(raw)
		if err != nil {
			return
		}
		again, err := encode(c)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decode(again); err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("%+v comes back as %+v, %v", c, back, err)
		}
	})
}
