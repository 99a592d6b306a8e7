package datadir

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The test binary is its own second process: with this variable set it does
// one thing in a folder and ends.
const (
	childEnv  = "DATADIR_TEST_CHILD"
	childDir  = "DATADIR_TEST_FOLDER"
	openChild = "open"  // open it, say so, wait for the end of stdin
	fillChild = "write" // write a file again and again, saying so after the first time
)

func TestMain(m *testing.M) {
	what := os.Getenv(childEnv)
	if what == "" {
		os.Exit(m.Run())
	}
	if err := child(what, os.Getenv(childDir)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func child(what, path string) error {
	d, err := Open(path)
	if err != nil {
		return err
	}
	if what == openChild {
		fmt.Println("open")
		_, err = io.Copy(io.Discard, os.Stdin)
		return errors.Join(err, d.Close())
	}
	for i := 0; ; i++ {
		if err := d.Write(ChainFile, content(i)); err != nil {
			return err
		}
		if i == 0 {
			fmt.Println("open")
		}
	}
}

// content is one of the versions that a child writes: each is long, and all of
// it is one byte.
func content(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%26)}, 10_000+i%26) }

// spawn starts a child and waits until it has the folder, or has failed.
func spawn(t *testing.T, what, path string) (c *exec.Cmd, end func(), said string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c = exec.Command(exe)
	c.Env = append(os.Environ(), childEnv+"="+what, childDir+"="+path)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			_ = in.Close()
			_ = c.Wait()
		}
	}
	t.Cleanup(end)
	r := bufio.NewReader(out)
	line, _ := r.ReadString('\n')
	if line == "open\n" {
		return c, end, line
	}
	rest, _ := io.ReadAll(r)
	end()
	return c, end, line + string(rest)
}

// wantSentences holds an error to what people are shown: at most three lines,
// with the folder and what to do.
func wantSentences(t *testing.T, text, folder string, words ...string) {
	t.Helper()
	if n := len(strings.Split(strings.TrimSpace(text), "\n")); n > 3 {
		t.Errorf("%d lines: %s", n, text)
	}
	for _, w := range append(words, folder, "--node.data_dir") {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in: %s", w, text)
		}
	}
}

// snapshot is all that is in a folder.
func snapshot(t *testing.T, path string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(path, func(p string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		list = append(list, fmt.Sprint(p, info.Mode(), info.ModTime().UnixNano()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSecondProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "data")
	first, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Write(ChainFile, []byte("x")); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, path)
	_, _, said := spawn(t, openChild, path)
	wantSentences(t, said, path, "in use", "orrery cli")
	if _, err := Open(path); !errors.Is(err, ErrInUse) {
		t.Errorf("twice in one process: %v", err)
	}
	if after := snapshot(t, path); !slices.Equal(after, before) {
		t.Errorf("it touched something: %v, was %v", after, before)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	// The other way round, and again when that process is gone.
	_, end, said := spawn(t, openChild, path)
	if said != "open\n" {
		t.Fatal(said)
	}
	if _, err := Open(path); !errors.Is(err, ErrInUse) {
		t.Errorf("held by another process: %v", err)
	}
	end()
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := again.Read(ChainFile); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// A lock goes with its process, however that ends, and the file is one of
// those that were written.
func TestKilledWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	seen := map[int]bool{}
	for i := range 20 {
		c, end, said := spawn(t, fillChild, path)
		if said != "open\n" {
			t.Fatal(said)
		}
		var last []byte
		for versions := 0; versions < i%4; {
			if b, _ := os.ReadFile(filepath.Join(path, ChainFile)); !bytes.Equal(b, last) {
				last = b
				versions++
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		end()
		d, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.Read(ChainFile)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 || !bytes.Equal(b, content(int(b[0]-'a'))) {
			t.Fatalf("half a file: %d bytes", len(b))
		}
		seen[int(b[0]-'a')] = true
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) < 2 {
		t.Error("only the first write was ever seen: the test tests too little")
	}
	files, err := os.ReadDir(path)
	if err != nil || len(files) > 3 { // the lock, the file, and what a crash left of the next
		t.Errorf("%v, %v", files, err)
	}
}

func TestFiles(t *testing.T) {
	d, err := Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if b, err := d.Read("x"); b != nil || err != nil {
		t.Errorf("a missing file: %q, %v", b, err)
	}
	if err := d.Remove("x"); err != nil {
		t.Errorf("a missing file: %v", err)
	}
	for _, text := range []string{"a long text", "short", ""} {
		if err := d.Write("x", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := d.Read("x"); err != nil || string(b) != text || b == nil {
			t.Errorf("%q, %v; want %q", b, err, text)
		}
	}
	if err := d.Write("y", nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Rename("x", "y"); err != nil {
		t.Fatal(err)
	}
	if b, err := d.Read("y"); err != nil || string(b) != "" || b == nil {
		t.Errorf("renamed: %q, %v", b, err)
	}
	if err := d.Rename("x", "y"); err == nil || !strings.Contains(err.Error(), d.Path("x")) {
		t.Errorf("a missing file was renamed: %v", err)
	}
	if err := d.Remove("y"); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(d.Path("")); err != nil || len(files) != 1 {
		t.Errorf("left: %v, %v", files, err)
	}

	// What cannot be replaced is an error, and leaves nothing behind.
	if err := os.MkdirAll(d.Path("folder/x"), 0o700); err != nil {
		t.Fatal(err)
	}
	err = d.Write("folder", nil)
	if err == nil || !strings.Contains(err.Error(), d.Path("folder")) || strings.Contains(err.Error(), tmpSuffix) {
		t.Error(err)
	}
	if _, err := os.Stat(d.Path("folder" + tmpSuffix)); !os.IsNotExist(err) {
		t.Error(err)
	}
}

func TestUnusableFolders(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(dir, "locked")
	if err := os.MkdirAll(filepath.Join(locked, LockFile), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "data"), locked} {
		_, err := Open(path)
		if err == nil {
			t.Errorf("%s was opened", path)
			continue
		}
		wantSentences(t, err.Error(), path)
	}
}

func TestWord(t *testing.T) {
	for path, want := range map[string]string{
		"data": "data", "../a/b": "../a/b", "my data": `"my data"`, `C:\data`: `C:\data`, "a&b": `"a&b"`,
	} {
		if got := Word(path); got != want {
			t.Errorf("%q is typed as %s, not %s", path, got, want)
		}
	}
}
