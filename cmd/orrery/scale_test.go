package main

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"orrery/cmd/internal/e2e"
)

const (
	scaleNodes    = 20
	scaleCapacity = "3"
	// What a node may hold at rest.
	scaleMemory     = 60 << 20
	scaleGoroutines = 40
	// scaleSettle is how soon all nodes have one tip after the last block.
	scaleSettle = 10 * time.Second
)

// TestLongTwentyNodes grows a tree of 20 real nodes, of which each may have
// three children, lets all mine, and wants one tip and little use of memory
// when they have stopped.
func TestLongTwentyNodes(t *testing.T) {
	if os.Getenv("LONG_TESTS") == "" {
		t.Skip("left out: it starts twenty nodes; set LONG_TESTS=1")
	}
	mine := []string{"--mining.address", nobody, "--mining.max_hashrate", "300", "--p2p.capacity", scaleCapacity}
	first := e2e.StartArgs(t, "", e2e.Lab(t.TempDir(), append(mine, "--chain.genesis.bits", "0x1f7fffff", "--chain.spacing", "2", "--policy.difficulty", "fixed")...)...)
	nodes := []*e2e.Node{first}
	ids := map[uint32]bool{first.Self().NodeID: true}
	for len(nodes) < scaleNodes {
		args := e2e.Joiner(t.TempDir(), first.Self().Listen, append(mine, "--mining.enabled", "true")...)
		n := e2e.StartArgs(t, "", args...)
		if id := n.Self().NodeID; ids[id] {
			t.Errorf("two nodes have the ID %d", id)
		} else {
			ids[id] = true
		}
		nodes = append(nodes, n)
	}
	tip := first.Height()
	e2e.WaitHeight(t, tip+10, nodes...)
	for _, n := range nodes {
		n.Must(nil, "setgenerate", false)
	}
	stopped := time.Now()
	top := nodes[0]
	for _, n := range nodes {
		if n.Height() > top.Height() {
			top = n
		}
	}
	// Of two blocks at one height each side keeps its own: one more decides.
	last := top.Mine(1)[0]
	e2e.WaitTip(t, last, nodes...)
	if took := time.Since(stopped); took > scaleSettle {
		t.Errorf("one tip on all nodes after %v", took)
	}
	t.Logf("height %d, one tip after %v", nodes[0].Height(), time.Since(stopped))
	var most, routines int64
	var links []int
	for _, n := range nodes {
		most = max(most, n.Memory(t))
		links = append(links, len(n.Peers()))
	}
	t.Logf("connections %v", links)
	var wait sync.WaitGroup
	for _, n := range nodes {
		n.Signal(syscall.SIGQUIT) // the runtime prints every goroutine
		wait.Go(func() { _, _ = n.Wait() })
	}
	wait.Wait()
	for _, n := range nodes {
		routines = max(routines, goroutines(n.Output()))
	}
	t.Logf("at most %d MB and %d goroutines a node", most>>20, routines)
	if most > scaleMemory || routines > scaleGoroutines {
		t.Errorf("a node at rest holds %d MB and %d goroutines", most>>20, routines)
	}
}

// goroutines counts those of a dump, without the runtime's own.
func goroutines(dump string) (n int64) {
	for _, one := range strings.Split("\n"+dump, "\ngoroutine ")[1:] {
		if !strings.Contains(one, "\ncreated by runtime.") && !strings.Contains(one, "\nruntime.main(") || strings.Contains(one, "\nmain.main(") {
			n++
		}
	}
	return n
}
