package pebble

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand"
	randv2 "math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	memDir     = "store"
	damageSeed = 61
)

// image is all files of a store by name.
type image map[string][]byte

func readImage(t testing.TB, fsys vfs.FS) image {
	t.Helper()
	names, err := fsys.List(memDir)
	if err != nil {
		t.Fatal(err)
	}
	files := image{}
	for _, name := range names {
		f, err := fsys.Open(path.Join(memDir, name))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err := firstError(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	return files
}

func (files image) mount(t testing.TB) vfs.FS {
	t.Helper()
	fsys := vfs.NewMem()
	if err := fsys.MkdirAll(memDir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := fsys.Create(path.Join(memDir, name), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(slices.Clone(files[name])); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return fsys
}

// with returns a copy in which one file is other; nil deletes it.
func (files image) with(name string, text []byte) image {
	c := maps.Clone(files)
	if text == nil {
		delete(c, name)
	} else {
		c[name] = text
	}
	return c
}

// aged makes a store with tables on several levels, a manifest of several
// edits and commits in the log, and returns it after a close or a kill.
func aged(t testing.TB, closed bool) (image, *history) {
	t.Helper()
	fsys := vfs.NewCrashableMem()
	cfg := Config{Dir: memDir, fs: fsys}
	h := newHistory(damageSeed)
	for round := range 4 {
		s := mustOpen(t, cfg)
		for i := range 16 {
			if err := s.Commit(h.next(), i%5 == 0); err != nil {
				t.Fatal(err)
			}
			if i%5 == 3 && (closed || round < 3 || i < 5) {
				if err := s.db.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if round == 1 {
			if err := s.db.Compact(t.Context(), []byte{0}, []byte{0xff}, false); err != nil {
				t.Fatal(err)
			}
		}
		if round == 3 && !closed {
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			killed := fsys.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: randv2.New(randv2.NewPCG(1, 1))})
			mustClose(t, s)
			return readImage(t, killed), h
		}
		mustClose(t, s)
	}
	return readImage(t, fsys), h
}

// outcome says what a store with these files does: "error", "same", or by
// how many commits it is shorter. A store that is anything else fails the test.
func outcome(t *testing.T, files image, whole *history) (what string, err error) {
	t.Helper()
	s, err := Open(Config{Dir: memDir, fs: files.mount(t)})
	if err != nil {
		var typed *Error
		if !errors.As(err, &typed) || typed.Path == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error is none of ours: %v", err)
		}
		return "error", err
	}
	defer s.Close()
	n, err := applied(s)
	if err != nil {
		return "error", err
	}
	h := whole
	if n != whole.n {
		for h = newHistory(damageSeed); h.n < n; {
			h.next()
		}
	}
	if err := h.m.Diff(s); err != nil {
		var typed *Error
		if !errors.As(err, &typed) {
			t.Errorf("silently different: %v", err)
		}
		select {
		case <-s.Fatal():
		default:
			t.Errorf("a reader met %v, and the owner was not told", err)
		}
		return "error", err
	}
	if n == whole.n {
		return "same", nil
	}
	return fmt.Sprintf("shorter by %d", whole.n-n), nil
}

// positions samples a file of a length: its beginning and end, and two bytes
// in each 4 KiB.
func positions(r *rand.Rand, length int) []int {
	var list []int
	for i := 0; i < length; i += 4096 {
		list = append(list, i+r.Intn(min(4096, length-i)), i+r.Intn(min(4096, length-i)))
	}
	for i := range 6 {
		list = append(list, i*11%max(length, 1), length-1-i*13)
	}
	list = slices.DeleteFunc(list, func(i int) bool { return i < 0 || i >= length })
	slices.Sort(list)
	return slices.Compact(list)
}

func newestLog(files image) string {
	newest := ""
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".log") {
			newest = name
		}
	}
	return newest
}

// TestDamage flips bits in every file, cuts it, and deletes it. The store must
// refuse, fail with a typed error at the read, or show exactly what it had.
//
// One case is no damage but what a crash leaves: the end of the log of a
// process that was killed. There whole commits may be missing at the end, but
// for a flipped bit none that a later one knows to have been synced.
func TestDamage(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{true, false} {
		files, whole := aged(t, closed)
		if got, _ := outcome(t, files, whole); got != "same" {
			t.Fatalf("without any damage, closed %v: %s", closed, got)
		}
		counts := map[string]int{}
		torn := newestLog(files)
		synced := syncedUpTo(t, torn, files[torn])
		try := func(name, what string, at int, damaged image) {
			got, _ := outcome(t, damaged, whole)
			counts[what+" "+strings.SplitN(got, " ", 2)[0]]++
			if got != "error" && got != "same" && (closed || name != torn || what == "flip" && at < synced) {
				t.Errorf("closed %v: %s: %s at %d: %s", closed, name, what, at, got)
			}
		}
		r := rand.New(rand.NewSource(1))
		for _, name := range slices.Sorted(maps.Keys(files)) {
			text := files[name]
			if name != lockFile {
				try(name, "delete", 0, files.with(name, nil))
			}
			for _, i := range positions(r, len(text)) {
				flipped := slices.Clone(text)
				flipped[i] ^= 1 << r.Intn(8)
				try(name, "flip", i, files.with(name, flipped))
				try(name, "cut", i, files.with(name, text[:i:i]))
			}
			try(name, "tail", len(text), files.with(name, append(slices.Clone(text), "garbage at the end"...)))
		}
		t.Logf("closed %v: %d files, %v", closed, len(files), counts)
	}
}

// lives returns the files after several flushes in one life, so that the logs
// of the first are gone: closed, killed, closed again without a commit, and
// killed after opening.
func lives(t *testing.T) (map[string]image, *history) {
	t.Helper()
	disk := vfs.NewCrashableMem()
	killed := func() image {
		rng := randv2.New(randv2.NewPCG(1, 1))
		return readImage(t, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rng}))
	}
	images := map[string]image{}
	cfg := Config{Dir: memDir, fs: disk}
	s := mustOpen(t, cfg)
	h := newHistory(damageSeed)
	for i := range 15 {
		if err := s.Commit(h.next(), true); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	images["killed"] = killed()
	mustClose(t, s)
	images["closed"] = killed()
	s = mustOpen(t, cfg)
	images["opened"] = killed()
	mustClose(t, s)
	images["closed twice"] = killed()
	return images, h
}

// TestManifestCutAnywhere: Pebble takes a cut manifest for whole and opens
// without the tables that it does not mention. Only the numbers of the commits
// tell.
func TestManifestCutAnywhere(t *testing.T) {
	t.Parallel()
	images, h := lives(t)
	gaps := 0
	for _, life := range slices.Sorted(maps.Keys(images)) {
		files := images[life]
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if !strings.HasPrefix(name, "MANIFEST") {
				continue
			}
			for i := range files[name] {
				cut := files.with(name, files[name][:i:i])
				got, err := outcome(t, cut, h)
				if got != "error" && got != "same" {
					t.Errorf("%s: %s cut at %d: %s", life, name, i, got)
				}
				if err != nil && strings.Contains(err.Error(), "are missing") {
					gaps++
				}
			}
		}
	}
	t.Logf("%d cuts were shown by a gap in the commits", gaps)
	if gaps == 0 {
		t.Error("no cut left a gap: the test proves nothing")
	}
}
