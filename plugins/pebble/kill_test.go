package pebble

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"orrery/core/chain"
	"orrery/core/chain/storetest"
)

// childEnv makes the test binary a child that commits until it is killed.
const childEnv = "ORRERY_TEST_PEBBLE_DIR"

// childLimit is after how many commits the child ends by itself.
const childLimit = 20_000

// history replays the random history of a seed up to its n-th batch.
type history struct {
	r *rand.Rand
	m *storetest.Model
	n uint64 // batches applied
}

func newHistory(seed int64) *history {
	return &history{r: rand.New(rand.NewSource(seed)), m: storetest.NewModel()}
}

func (h *history) next() *chain.Batch {
	b := storetest.RandomBatch(h.r, h.n, h.m)
	h.m.Apply(b)
	h.n++
	return b
}

// applied is how many batches of a history a store has.
func applied(s chain.Store) (uint64, error) {
	v, err := s.Meta("n")
	if err != nil || v == nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(v) + 1, nil
}

// verify fails unless the store is the history after exactly as many batches
// as it says, and at least acknowledged; it returns the history there.
func verify(t testing.TB, s chain.Store, seed int64, acknowledged uint64) *history {
	t.Helper()
	n, err := applied(s)
	if err != nil {
		t.Fatal(err)
	}
	if n < acknowledged {
		t.Fatalf("%d commits were acknowledged, %d are there", acknowledged, n)
	}
	h := newHistory(seed)
	for h.n < n {
		h.next()
	}
	if err := h.m.Diff(s); err != nil {
		t.Fatalf("after %d commits: %v", n, err)
	}
	return h
}

const killSeed = 60

func childMain(dir string) {
	s, err := Open(Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	n, err := applied(s)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	h := newHistory(killSeed)
	for h.n < n {
		h.next()
	}
	for range childLimit {
		durable := h.n%4 == 3
		if err := s.Commit(h.next(), durable); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if durable {
			fmt.Println(h.n)
		}
	}
}

// TestKill kills a committing process at random moments: what it acknowledged
// is there, and nothing is there by half.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := rand.New(rand.NewSource(1))
	var acknowledged, recovered uint64
	for round := range 10 {
		n := runAndKill(t, dir, 1+r.Intn(40))
		if n <= acknowledged {
			t.Fatalf("round %d: the child acknowledged nothing", round)
		}
		acknowledged = n
		s := mustOpen(t, Config{Dir: dir})
		verify(t, s, killSeed, acknowledged)
		if s.Recovered() {
			recovered++
		}
		mustClose(t, s)
	}
	if recovered == 0 {
		t.Fatal("no start had to recover anything: the test proves nothing")
	}
	t.Logf("10 kills, %d recoveries, %d commits acknowledged", recovered, acknowledged)
}

func childCommand(dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	return cmd
}

// runAndKill returns the last number that the child printed.
func runAndKill(t *testing.T, dir string, lines int) uint64 {
	t.Helper()
	cmd := childCommand(dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last uint64
	for scan := bufio.NewScanner(out); scan.Scan(); lines-- {
		n, err := strconv.ParseUint(scan.Text(), 10, 64)
		if err != nil {
			t.Errorf("the child says %q", scan.Text())
			break
		}
		last = n
		if lines == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed, so this is an error
	return last
}
