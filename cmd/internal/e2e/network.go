package e2e

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

// Peer is what getpeerinfo tells of a peer, as far as tests look.
type Peer struct {
	ID      uint64 `json:"id"`
	Address string `json:"addr"`
	NodeID  uint32 `json:"node_id"`
	Kind    string `json:"kind"`
	Inbound bool   `json:"inbound"`
	Blocks  int    `json:"synced_blocks"`
}

// Member is what getnetworkinfo tells of a node's place in the network.
type Member struct {
	NodeID uint32 `json:"node_id"`
	Listen string `json:"listen"`
	Active bool   `json:"networkactive"`
}

// Self asks a node for its place in the network.
func (n *Node) Self() (m Member) {
	n.t.Helper()
	n.Must(&m, "getnetworkinfo")
	return m
}

// Peers asks a node for its peers.
func (n *Node) Peers() (list []Peer) {
	n.t.Helper()
	n.Must(&list, "getpeerinfo")
	return list
}

// Join starts a node with an empty folder that joins the network of another,
// and waits until it answers: it is a member then.
func Join(t testing.TB, dir string, to *Node, more ...string) *Node {
	t.Helper()
	return StartArgs(t, "", Joiner(dir, to.Self().Listen, more...)...)
}

// Joiner are the arguments of a node that joins.
func Joiner(dir, to string, more ...string) []string {
	return append([]string{"node", "--node.data_dir", dir, "--rpc.listen", "127.0.0.1:0", "--p2p.join", to, "--mining.enabled", "false"}, more...)
}

// Mine makes blocks that pay nobody.
func (n *Node) Mine(count int) (hashes []string) {
	n.t.Helper()
	return n.MineTo(count, "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8")
}

// MineTo makes blocks that pay an address.
func (n *Node) MineTo(count int, address string) (hashes []string) {
	n.t.Helper()
	n.Must(&hashes, "generatetoaddress", count, address)
	return hashes
}

// Tip is the hash of the best block.
func (n *Node) Tip() (hash string) {
	n.t.Helper()
	n.Must(&hash, "getbestblockhash")
	return hash
}

// WaitTip waits until each node has the tip.
func WaitTip(t testing.TB, tip string, nodes ...*Node) {
	t.Helper()
	for i, n := range nodes {
		var at struct{ Hash string }
		n.Must(&at, "waitforblock", tip, int(Patience.Milliseconds()))
		if at.Hash != tip {
			t.Fatalf("node %d is at %s, not at %s:\n%s", i, at.Hash, tip, tail(n.Output()))
		}
	}
}

// Height is that of the best block.
func (n *Node) Height() (height int) {
	n.t.Helper()
	n.Must(&height, "getblockcount")
	return height
}

// WaitHeight waits until each node has reached a height.
func WaitHeight(t testing.TB, height int, nodes ...*Node) {
	t.Helper()
	for i, n := range nodes {
		var at struct{ Height int }
		n.Must(&at, "waitforblockheight", height, int(Patience.Milliseconds()))
		if at.Height < height {
			t.Fatalf("node %d is at height %d, not at %d:\n%s", i, at.Height, height, tail(n.Output()))
		}
	}
}

// First starts the first node of a network of its own, as Start does. Networks of
// one name would find each other on a machine where many tests run.
func First(t testing.TB, more ...string) *Node {
	t.Helper()
	dir := t.TempDir()
	sum := sha256.Sum256([]byte(dir))
	return Start(t, dir, append([]string{"--chain.name", fmt.Sprintf("test-%x", sum[:8])}, more...)...)
}
