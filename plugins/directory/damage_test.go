package directory

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orrery/plugins/internal/buntfile"
)

// filled makes a directory that has seen a chain with reorgs, and returns its
// file.
func filled(t *testing.T, w *world) []byte {
	t.Helper()
	path := filePath(t)
	r := w.run(path)
	w.grow(5)
	w.check(r, "first branch")
	w.reorg(3)
	w.check(r, "second branch")
	w.grow(2)
	w.reorg(2)
	w.check(r, "third branch")
	r.end(t)
	return read(t, path)
}

// reopen runs a directory on a file with this in it until everything was asked
// and compared.
func reopen(t *testing.T, w *world, file []byte, note string) *notes {
	t.Helper()
	path := filePath(t)
	write(t, path, file)
	r := w.run(path)
	w.check(r, note)
	r.end(t)
	return r.notes
}

// A crash leaves any beginning of the file. Whatever it is, in the middle of
// applying or reverting, with the chain gone on and reorganized since: the
// answers are right, and nothing has to be built anew.
func TestCutAnywhere(t *testing.T) {
	w := newWorld(t, 15)
	file := filled(t, w)
	w.grow(1)
	w.reorg(2)
	mends, cuts := 0, 0
	stride := 11
	if testing.Short() {
		stride = 53
	}
	for cut := 0; cut <= len(file); cut++ {
		if cut%stride != 0 && !bytes.HasPrefix(file[min(cut, len(file)):], []byte("*")) {
			continue
		}
		cuts++
		n := reopen(t, w, file[:cut], fmt.Sprintf("cut at %d of %d", cut, len(file)))
		mends += n.count(mended)
		if n.count(anew) > 0 {
			t.Errorf("cut at %d of %d: %s", cut, len(file), n.last)
		}
	}
	t.Logf("%d cuts: %d times a block had been begun", cuts, mends)
	if mends < cuts/20 {
		t.Errorf("a block had been begun %d times of %d only: the test tests too little", mends, cuts)
	}
}

// One flipped bit anywhere is found out, or was of no account.
func TestFlippedBits(t *testing.T) {
	w := newWorld(t, 16)
	file := filled(t, w)
	rebuild, flips := 0, 0
	stride := 16
	if testing.Short() {
		stride = 80
	}
	for at := w.rng.IntN(16); at < len(file); at += stride {
		bad := bytes.Clone(file)
		bad[at] ^= 1 << w.rng.IntN(8)
		n := reopen(t, w, bad, fmt.Sprintf("byte %d of %d: %02x instead of %02x", at, len(file), bad[at], file[at]))
		rebuild += n.count(anew)
		flips++
	}
	t.Logf("%d flips: %d times all was built anew", flips, rebuild)
	if rebuild == 0 || rebuild == flips {
		t.Errorf("%d of %d flips led to a new file: the test tests too little", rebuild, flips)
	}
}

func TestForeignFiles(t *testing.T) {
	w := newWorld(t, 17)
	good := filled(t, w)
	other := newWorld(t, 18)
	set := func(key, value string) string {
		return fmt.Sprintf("*3\r\n$3\r\nset\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(key), key, len(value), value)
	}
	record := func(key, body string) string { return set(key, buntfile.Seal(key, []byte(body))) }
	d := w.make("", newNotes())
	head := record(formatKey, string(d.format()))
	for name, c := range map[string]struct {
		file   string
		reason string // "": taken as it is
	}{
		"empty":           {"", ""},
		"as it was":       {string(good), ""},
		"torn end":        {string(good) + "*3\r\n$3\r\nset\r\n$1000\r\nx", ""},
		"another chain":   {string(filled(t, other)), "not known"},
		"newer format":    {record(formatKey, "2") + set("z:unknown", "what the future brings"), "format and network are 2,"},
		"another network": {record(formatKey, fmt.Sprintf("%s %x", format, [32]byte{})), "format and network"},
		"no format":       {set(stateKey, state{}.encode()), "does not name its format"},
		"unknown record":  {string(good) + set("x", "y"), `unknown record "x"`},
		"text":            {"This is not a database.\n", "damaged"},
		"no claim":        {head + record("c:a", "x"), "is no claim"},
		"bad numbers":     {head + record("c:a:0:0:0", "x y z"), "invalid syntax"},
		"bad claim":       {head + record(stateKey, strings.Repeat("0", 64)+" 5 1 1") + record("c:A:00000001:00000000:00000000", "0 51 "+strings.Repeat("0", 64)), "no claim can have"},
		"bad state":       {head + record(stateKey, "x"), "m:state"},
		"a record lost":   {head + record(stateKey, strings.Repeat("0", 64)+" 5 1 1"), "0 claims, 1 were written"},
	} {
		t.Run(name, func(t *testing.T) {
			n := reopen(t, w, []byte(c.file), name)
			if (n.count(anew) > 0) != (c.reason != "") || !strings.Contains(n.last, c.reason) {
				t.Errorf("built anew %d times because %q, want %q", n.count(anew), n.last, c.reason)
			}
		})
	}
}

// The file of a node that was here before and has been copied from another
// branch of the same chain: it is led over.
func TestFileFromAnotherBranch(t *testing.T) {
	w := newWorld(t, 19)
	path := filePath(t)
	w.grow(6)
	r := w.run(path)
	w.check(r, "before")
	r.end(t)
	w.reorg(5)
	if n := reopen(t, w, read(t, path), "after"); n.count(anew) > 0 {
		t.Error(n.last)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.check(w.run(path), "deleted")
}

func TestUnusablePath(t *testing.T) {
	w := newWorld(t, 20)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "not empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, filepath.Join(folder, "missing", "directory.db")} {
		err := w.make(path, newNotes()).Run(t.Context(), func() {})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
