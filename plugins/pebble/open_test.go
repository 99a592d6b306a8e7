package pebble

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"orrery/core/chain/storetest"
)

// picture has the mode, time and contents of each file below a folder. It does
// not open the lock file: closing it would end a lock that this process holds.
func picture(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files[path] = info.Mode().String() + info.ModTime().String()
		if d.Type().IsRegular() && d.Name() != lockFile {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files[path] += string(text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// wantUntouched fails when a folder is not as it was, except for the time of
// the lock file where that is allowed.
func wantUntouched(t *testing.T, dir string, before map[string]string, lockToo bool) {
	t.Helper()
	after := picture(t, dir)
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[path]; !ok {
			t.Errorf("%s is new", path)
		} else if before[path] != after[path] && (lockToo || filepath.Base(path) != lockFile) {
			t.Errorf("%s has changed", path)
		}
		delete(before, path)
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		t.Errorf("%s is gone", path)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedAndUntouched(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		want    Kind
		says    []string
	}{
		{"foreign files", func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, "letter.txt"), "dear") }, ErrForeign, []string{"letter.txt", "--node.data_dir"}},
		{"foreign folder inside", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "music"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, ErrForeign, []string{"music"}},
		{"newer format", func(t *testing.T, dir string) {
			mustClose(t, filled(t, Config{Dir: dir}, 3))
			writeFile(t, filepath.Join(dir, formatFile), "orrery chain store, format 2\n")
		}, ErrNewer, []string{"format 2", "up to 1", formatFile}},
		{"format file lost", func(t *testing.T, dir string) {
			mustClose(t, filled(t, Config{Dir: dir}, 3))
			if err := os.Remove(filepath.Join(dir, formatFile)); err != nil {
				t.Fatal(err)
			}
		}, ErrForeign, []string{formatFile}},
		{"format file empty", func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, formatFile), "") }, ErrDamaged, []string{formatFile}},
		{"format file garbled", func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, formatFile), "orrery chain store, format 1\nx")
		}, ErrDamaged, []string{formatFile}},
		{"format zero", func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, formatFile), "orrery chain store, format 0\n")
		}, ErrDamaged, []string{formatFile}},
		{"format number endless", func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, formatFile), "orrery chain store, format "+strings.Repeat("9", 1000)+"\n")
		}, ErrDamaged, []string{formatFile}},
		{"log lost", func(t *testing.T, dir string) {
			mustClose(t, filled(t, Config{Dir: dir}, 3))
			logs, err := filepath.Glob(filepath.Join(dir, "*.log"))
			if err != nil || len(logs) == 0 {
				t.Fatal(logs, err)
			}
			for _, path := range logs {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
		}, ErrDamaged, []string{"its log file is missing", "--node.data_dir NAME"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.prepare(t, dir)
			if c.want == ErrDamaged { // the lock file may come, nothing else
				writeFile(t, filepath.Join(dir, lockFile), "")
			}
			before := picture(t, dir)
			_, err := Open(Config{Dir: dir})
			wantError(t, err, c.want, append(c.says, dir)...)
			wantUntouched(t, dir, before, c.want != ErrDamaged)
		})
	}
}

func wantError(t *testing.T, err error, kind Kind, says ...string) {
	t.Helper()
	var typed *Error
	if !errors.As(err, &typed) || typed.Kind != kind || !errors.Is(err, kind) {
		t.Fatalf("error %v, want one of kind %q", err, kind)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error %q does not say %q", err, text)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error %q is not one line", err)
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := mustOpen(t, Config{Dir: dir})
	defer mustClose(t, s)
	link := filepath.Join(filepath.Dir(dir), "link")
	names := []string{dir}
	if err := os.Symlink(dir, link); err == nil {
		names = append(names, link) // some systems allow links to administrators only
	}
	for _, name := range names {
		_, err := Open(Config{Dir: name})
		wantError(t, err, ErrLocked, dir, "stop the other node")
	}
	if err := s.Commit(storetest.BlockBatch(0), true); err != nil {
		t.Fatalf("the first store suffers from the second: %v", err)
	}
}

// TestOtherProcessIsRefused locks in a child, since locks of one process may
// not exclude itself.
func TestOtherProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Config{Dir: dir})
	defer mustClose(t, s)
	if err := s.Commit(storetest.BlockBatch(0), true); err != nil {
		t.Fatal(err)
	}
	before := picture(t, dir)
	out, err := childCommand(dir).CombinedOutput()
	if err == nil || !strings.Contains(string(out), string(ErrLocked)) {
		t.Fatalf("a second process says %q, %v", out, err)
	}
	wantUntouched(t, dir, before, false)
}

func TestUnusableFolder(t *testing.T) {
	parent := t.TempDir()
	file := filepath.Join(parent, "file")
	writeFile(t, file, "x")
	_, err := Open(Config{Dir: file})
	wantError(t, err, ErrAccess, file, "not a folder")
	_, err = Open(Config{Dir: filepath.Join(file, "below")})
	wantError(t, err, ErrAccess, file)
	if os.Getuid() <= 0 {
		t.Log("the case of a folder without write permission is left out: this user may write everywhere, or permissions are of another kind here")
		return
	}
	closed := filepath.Join(parent, "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err = Open(Config{Dir: closed})
	wantError(t, err, ErrAccess, closed, "permission")
}

func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("left out: Windows has no such modes")
		return
	}
	dir := filepath.Join(t.TempDir(), "a", "store")
	s := filled(t, Config{Dir: dir}, 20)
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	check := func() {
		t.Helper()
		err := filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			want := fs.FileMode(fileMode)
			if d.IsDir() {
				want = folderMode
			}
			if info.Mode().Perm() != want {
				t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check()
	mustClose(t, s)
	s = mustOpen(t, Config{Dir: dir})
	check()
	mustClose(t, s)
	check()
}

// TestInterruptedMaking stops the making of a store after each step.
func TestInterruptedMaking(t *testing.T) {
	for _, files := range [][]string{
		{},
		{lockFile},
		{newFormatFile},
		{lockFile, newFormatFile, "letter.txt", "MANIFEST-000001", "000002.log", "marker.manifest.000001.MANIFEST-000001"},
	} {
		dir := t.TempDir()
		for _, name := range files {
			writeFile(t, filepath.Join(dir, name), "half")
		}
		s := filled(t, Config{Dir: dir}, 2)
		mustClose(t, s)
		s = mustOpen(t, Config{Dir: dir})
		if _, err := s.Block(1); err != nil {
			t.Errorf("with %v left behind: %v", files, err)
		}
		if slices.Contains(files, "letter.txt") {
			if _, err := os.Stat(filepath.Join(dir, "letter.txt")); err != nil {
				t.Error(err)
			}
		}
		mustClose(t, s)
	}
}

func TestRecovered(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	for _, c := range []struct {
		blocks  uint64
		abandon bool
		want    bool // of the next opening
	}{{0, false, false}, {5, false, false}, {0, true, false}, {1, true, true}, {0, false, false}, {5000, true, true}, {0, false, false}} {
		s := filled(t, cfg, c.blocks)
		if c.abandon {
			s.abandon(t)
		} else {
			mustClose(t, s)
		}
		s = mustOpen(t, cfg)
		if s.Recovered() != c.want {
			t.Errorf("after %+v Recovered() is %v", c, s.Recovered())
		}
		mustClose(t, s)
	}
}
