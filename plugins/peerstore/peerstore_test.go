package peerstore

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"orrery/core/protocol"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/tidwall/buntdb.(*DB).backgroundManager"))
}

// open opens a store whose warnings land in log.
func open(t testing.TB, path string, log *strings.Builder) *Store {
	t.Helper()
	s := Open(Config{path}, slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(s.Close)
	return s
}

var sample = []protocol.Record{
	{Key: "addr/127.0.0.1:8000", Value: []byte("one")},
	{Key: "ban/10.0.0.0", Value: []byte("two")},
	{Key: "lease", Value: []byte{}},
}

// write makes a file with the sample.
func write(t testing.TB) (path string) {
	path = filepath.Join(t.TempDir(), "peers.db")
	s := open(t, path, new(strings.Builder))
	s.Save(sample)
	s.Close()
	return path
}

func TestKeepsRecords(t *testing.T) {
	var log strings.Builder
	path := write(t)
	s := open(t, path, &log)
	if got := s.Load(); !reflect.DeepEqual(got, sample) {
		t.Fatalf("loaded %q", got)
	}
	s.Save([]protocol.Record{{Key: "lease"}, {Key: "none"}, {Key: "ban/10.0.0.0", Value: []byte("three")}})
	s.Close()
	s = open(t, path, &log)
	want := []protocol.Record{sample[0], {Key: "ban/10.0.0.0", Value: []byte("three")}}
	if got := s.Load(); !reflect.DeepEqual(got, want) {
		t.Fatalf("loaded %q", got)
	}
	if log.Len() > 0 {
		t.Fatal(log.String())
	}
}

// TestDamage cuts the file at every byte and turns every byte over: the store
// either has records that were written, or begins anew with one warning.
func TestDamage(t *testing.T) {
	path := write(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(name string, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		s := open(t, path, &log)
		for _, r := range s.Load() {
			found := false
			for _, w := range sample {
				found = found || reflect.DeepEqual(r, w)
			}
			if !found {
				t.Fatalf("%s: loaded %q", name, r)
			}
		}
		if n := strings.Count(log.String(), "WARN"); n > 1 {
			t.Fatalf("%s: %d warnings: %s", name, n, log.String())
		}
		s.Save([]protocol.Record{{Key: "new", Value: []byte("x")}})
		s.Close()
		s = open(t, path, &log)
		if got := s.Load(); len(got) == 0 || strings.Contains(log.String(), "not kept") {
			t.Fatalf("%s: it was not built anew: %s", name, log.String())
		}
		s.Close()
	}
	for i := range whole {
		try("cut", whole[:i])
		turned := append([]byte(nil), whole...)
		turned[i] ^= 0x10
		try("turned", turned)
	}
	try("garbage after it", append(append([]byte(nil), whole...), "$9999999999\r\n"...))
	try("an endless length", []byte("*3\r\n$3\r\nset\r\n$99999999999999999999\r\n"))
}

func TestBounds(t *testing.T) {
	var log strings.Builder
	s := open(t, filepath.Join(t.TempDir(), "peers.db"), &log)
	s.Save([]protocol.Record{
		{Key: strings.Repeat("k", MaxKey+1), Value: []byte("x")}, {Key: "big", Value: make([]byte, MaxValue+1)},
		{Key: "good", Value: make([]byte, MaxValue)}, {Key: "", Value: []byte("x")},
	})
	if got := s.Load(); len(got) != 1 || got[0].Key != "good" {
		t.Fatalf("%d records", len(got))
	}
	s.mu.Lock()
	s.count = MaxRecords
	s.mu.Unlock()
	s.Save([]protocol.Record{{Key: "more", Value: []byte("x")}, {Key: "good", Value: []byte("y")}})
	if got := s.Load(); len(got) != 1 || string(got[0].Value) != "y" {
		t.Fatalf("%d records", len(got))
	}
	if n := strings.Count(log.String(), "WARN"); n != 1 {
		t.Fatalf("%d warnings: %s", n, log.String())
	}
}

func TestNoFile(t *testing.T) {
	var log strings.Builder
	s := open(t, filepath.Join(t.TempDir(), "none", "peers.db"), &log)
	s.Save(sample)
	if got := s.Load(); len(got) != 0 || strings.Count(log.String(), "WARN") != 1 {
		t.Fatalf("%q, %s", got, log.String())
	}
}

// TestFileStaysSmall: what is saved again and again does not grow the file while
// the node runs.
func TestFileStaysSmall(t *testing.T) {
	var log strings.Builder
	path := filepath.Join(t.TempDir(), "peers.db")
	s := open(t, path, &log)
	for i := range 5000 {
		s.Save([]protocol.Record{{Key: "address/127.0.0.1:8000", Value: []byte(strings.Repeat(string(rune('a'+i%26)), MaxValue))}})
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 2*shrinkFrom || log.Len() > 0 {
		t.Fatalf("%v bytes, %v; %s", info.Size(), err, log.String())
	}
	if got := s.Load(); len(got) != 1 {
		t.Fatalf("%d records", len(got))
	}
}
