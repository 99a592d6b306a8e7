package pebble

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// logNumber is the number in the name of a log.
func logNumber(t testing.TB, name string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimSuffix(name, logSuffix), 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

// syncedUpTo is the offset up to which a log was synced when its last chunk was
// made.
func syncedUpTo(t testing.TB, name string, text []byte) int {
	t.Helper()
	most := 0
	for base := 0; base < len(text); base += logBlock {
		block := text[base:min(base+logBlock, len(text))]
		for {
			length, synced, ok := chunkAt(block, logNumber(t, name))
			if !ok {
				break
			}
			most = max(most, int(synced))
			block = block[length:]
		}
	}
	return most
}

// TestLogBits flips each bit, and takes away each byte, of a log of small synced
// commits, as a chain of empty blocks leaves it, all within one block of the
// log. Pebble alone drops the commits from there on without a word.
func TestLogBits(t *testing.T) {
	t.Parallel()
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, Config{Dir: memDir, fs: disk})
	h := newHistory(damageSeed)
	for range 7 {
		if err := s.Commit(h.next(), true); err != nil {
			t.Fatal(err)
		}
	}
	files := readImage(t, disk)
	mustClose(t, s)
	name := newestLog(files)
	text, number := files[name], logNumber(t, name)
	synced := syncedUpTo(t, name, text)
	if len(text) > logBlock || synced < len(text)/2 {
		t.Fatalf("a log of %d bytes, synced up to %d: the test is about another one", len(text), synced)
	}
	for i := range text {
		flipped := slices.Clone(text)
		flipped[i] ^= 1 << (i % 8)
		err := checkLog(strings.NewReader(string(flipped)), number)
		if damaged := errors.Is(err, errSyncedChunk); damaged != (i < synced) || err != nil && !damaged {
			t.Fatalf("byte %d, synced up to %d: %v", i, synced, err)
		}
		// A crash may leave any beginning.
		if err := checkLog(strings.NewReader(string(text[:i])), number); err != nil {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	got, err := outcome(t, files.with(name, append(slices.Clone(text[:synced/2]), append([]byte{text[synced/2] ^ 1}, text[synced/2+1:]...)...)), h)
	var typed *Error
	if got != "error" || !errors.As(err, &typed) || typed.Kind != ErrDamaged || !strings.HasSuffix(typed.Path, name) {
		t.Errorf("opened with a flipped bit: %s, %v", got, err)
	}
}
