package addrindex

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/buntdb"

	"orrery/core/chain/chaintest"
	"orrery/plugins/internal/buntfile"
)

// filled makes an index that has seen a chain with reorgs, and returns its
// file.
func filled(t *testing.T, w *world) []byte {
	t.Helper()
	path := indexPath(t)
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

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// reopen runs an index on a file with this in it until everything was asked
// and compared.
func reopen(t *testing.T, w *world, file []byte, note string) *notes {
	t.Helper()
	path := indexPath(t)
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
	w := newWorld(t, 5)
	file := filled(t, w)
	w.grow(1)
	w.reorg(2)
	var cuts []int
	for i := range file {
		if i%97 == 0 || i%5 == 0 && testing.Verbose() {
			cuts = append(cuts, i)
		}
	}
	for at := 0; ; { // around the beginning of each command
		next := bytes.Index(file[at:], []byte("\r\n*"))
		if next < 0 {
			break
		}
		at += next + 2
		cuts = append(cuts, at-1, at, at+1)
	}
	redo, rebuild := 0, 0
	for _, cut := range append(cuts, len(file)) {
		n := reopen(t, w, file[:cut], fmt.Sprintf("cut at %d of %d", cut, len(file)))
		redo += n.count(redone)
		rebuild += n.count(rebuilt)
		if n.count(rebuilt) > 0 {
			t.Errorf("cut at %d of %d: %s", cut, len(file), n.last)
		}
	}
	t.Logf("%d cuts: %d times a block was taken back, %d times all was built anew", len(cuts)+1, redo, rebuild)
	if redo < len(cuts)/4 {
		t.Errorf("a block was taken back %d times only: the test tests too little", redo)
	}
}

// One flipped bit anywhere is found out, or was of no account.
func TestFlippedBits(t *testing.T) {
	w := newWorld(t, 6)
	file := filled(t, w)
	const every = 64 // bytes
	rebuild, flips := 0, 0
	for at := w.rng.IntN(every); at < len(file); at += every {
		bad := bytes.Clone(file)
		bad[at] ^= 1 << w.rng.IntN(8)
		n := reopen(t, w, bad, fmt.Sprintf("byte %d of %d: %02x instead of %02x", at, len(file), bad[at], file[at]))
		rebuild += n.count(rebuilt)
		flips++
	}
	t.Logf("%d flips: %d times all was built anew", flips, rebuild)
	if rebuild == 0 || rebuild == flips {
		t.Errorf("%d of %d flips led to a new file: the test tests too little", rebuild, flips)
	}
}

// Pages that a machine lost, or wrote at the wrong place.
func TestLostPages(t *testing.T) {
	w := newWorld(t, 7)
	file := filled(t, w)
	const page = 512
	for at := 0; at+page < len(file); at += page {
		zeros := bytes.Clone(file)
		clear(zeros[at : at+page])
		reopen(t, w, zeros, fmt.Sprintf("zeros at %d", at))
		moved := bytes.Clone(file)
		copy(moved[at:at+page], file[w.rng.IntN(len(file)-page):])
		reopen(t, w, moved, fmt.Sprintf("something else at %d", at))
	}
	reopen(t, w, append(bytes.Clone(file), make([]byte, page)...), "zeros at the end")
}

func TestForeignFiles(t *testing.T) {
	w := newWorld(t, 8)
	good := filled(t, w)
	other := newWorld(t, 9)
	huge := "9223372036854775807"
	set := func(key, value string) string {
		return fmt.Sprintf("*3\r\n$3\r\nset\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(key), key, len(value), value)
	}
	newer := set(formatKey, buntfile.Seal(formatKey, []byte("2"))) + set("z:unknown", "what the future brings")
	for name, c := range map[string]struct {
		file   string
		reason string // "": taken as it is
	}{
		"empty":               {"", ""},
		"as it was":           {string(good), ""},
		"torn end":            {string(good) + "*3\r\n$3\r\nset\r\n$1000\r\nx", ""},
		"another chain":       {string(filled(t, other)), "not known"},
		"newer format":        {newer, "format 2, this program writes format 1"},
		"no format":           {set(stateKey, state{}.encode()), "does not name its format"},
		"unknown record":      {string(good) + set("x", "y"), `unknown record "x"`},
		"expiring record":     {string(good) + "*5\r\n$3\r\nset\r\n$1\r\nx\r\n$1\r\ny\r\n$2\r\nex\r\n$1\r\n1\r\n", "unknown command"},
		"flushdb":             {string(good) + "*1\r\n$7\r\nflushdb\r\n", "unknown command"},
		"short command":       {"*2\r\n$1\r\nx\r\n$1\r\nx\r\n", "unknown command"},
		"no command":          {"*0\r\n", "damaged"},
		"huge part":           {"*3\r\n$" + huge + "\r\nset", "length"},
		"large part":          {"*3\r\n$3\r\nset\r\n$9999\r\n", "length"},
		"many parts":          {"*" + huge + "\r\n", "length"},
		"text":                {"This is not a database.\n", "damaged"},
		"record of nobody":    {string(good) + set("o:::", "x"), "damaged"},
		"a record lost":       {string(good) + "*2\r\n$3\r\ndel\r\n" + someRecord(t, good), "outputs"},
		"format of no number": {set(formatKey, buntfile.Seal(formatKey, []byte("1 "))), "format"},
	} {
		t.Run(name, func(t *testing.T) {
			n := reopen(t, w, []byte(c.file), name)
			if (n.count(rebuilt) > 0) != (c.reason != "") || !strings.Contains(n.last, c.reason) {
				t.Errorf("built anew %d times because %q, want %q", n.count(rebuilt), n.last, c.reason)
			}
		})
	}
}

// someRecord is the key of an output, as a command has it.
func someRecord(t *testing.T, file []byte) string {
	t.Helper()
	path := indexPath(t)
	write(t, path, file)
	db, err := buntdb.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var found string
	err = db.View(func(tx *buntdb.Tx) error {
		return tx.AscendGreaterOrEqual("", outputPrefix, func(key, _ string) bool {
			found = key
			return false
		})
	})
	if err != nil || found == "" {
		t.Fatal("no record", err)
	}
	return fmt.Sprintf("$%d\r\n%s\r\n", len(found), found)
}

// The file of a node that was here before and has been copied from another
// branch of the same chain: it is led over.
func TestFileFromAnotherBranch(t *testing.T) {
	w := newWorld(t, 10)
	path := indexPath(t)
	w.grow(6)
	r := w.run(path)
	w.check(r, "before")
	r.end(t)
	w.reorg(5)
	n := reopen(t, w, read(t, path), "after")
	if n.count(rebuilt) > 0 {
		t.Error(n.last)
	}
}

func TestDeletedFile(t *testing.T) {
	w := newWorld(t, 11)
	path := indexPath(t)
	w.grow(3)
	r := w.run(path)
	w.check(r, "before")
	if err := os.Remove(path); err == nil { // not so on Windows
		w.grow(1)
		w.check(r, "deleted while it runs")
	}
	r.end(t)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.check(w.run(path), "deleted")
}

func TestUnusablePath(t *testing.T) {
	w := newWorld(t, 12)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "not empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, filepath.Join(folder, "missing", "addresses.db")} {
		x := New(Config{Path: path}, w, w.codec, slogOf(newNotes()))
		err := x.Run(t.Context(), func() {})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// The file grows with every block; from some size on it is written anew.
func TestTidy(t *testing.T) {
	w := newWorld(t, 13)
	path := indexPath(t)
	write(t, path+buntfile.TmpSuffix, []byte("left by a crash"))
	w.grow(1)
	r := w.run(path, func(x *Index) { x.shrinkFrom = 1 })
	w.check(r, "new")
	for range 30 {
		w.submit(w.Block("empty"+fmt.Sprint(w.tip.Height), w.tip, chaintest.PayTo(chaintest.Anyone)))
	}
	w.check(r, "with old records")
	r.end(t)
	small := len(read(t, path))
	w.check(w.run(indexPath(t)), "all at once")
	if records := bytes.Count(read(t, path), []byte("set")); records > 20 {
		t.Errorf("%d records in %d bytes", records, small)
	}
	if _, err := os.Stat(path + buntfile.TmpSuffix); !os.IsNotExist(err) {
		t.Errorf("the copy is still there: %v", err)
	}
	n := reopen(t, w, read(t, path), "tidied")
	if n.count(rebuilt) > 0 {
		t.Error(n.last)
	}
}

// Crashes while a crash is being mended.
func TestCutAgainAndAgain(t *testing.T) {
	w := newWorld(t, 15)
	file := filled(t, w)
	w.reorg(2)
	path := indexPath(t)
	for range 60 {
		write(t, path, file[:w.rng.IntN(len(file))])
		for range 5 {
			kept := len(read(t, path))
			n := newNotes()
			x := New(Config{Path: path}, w, w.codec, slogOf(n))
			x.maxMoves = 2
			err := x.start()
			if err == nil {
				_, err = x.catchUp(t.Context())
			}
			x.close()
			if err != nil || n.count(rebuilt) > 0 {
				t.Fatal(err, n.last)
			}
			now := read(t, path)
			kept = min(kept, len(now))
			write(t, path, now[:kept+w.rng.IntN(len(now)-kept+1)])
		}
		if n := reopen(t, w, read(t, path), "after five crashes"); n.count(rebuilt) > 0 {
			t.Fatal(n.last)
		}
	}
}
