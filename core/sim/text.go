package sim

import (
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/protocol"
)

// Narrate is a Config.Watch that writes a line for each event and effect that
// people want to know of.
func Narrate(out func(string)) func(Line) {
	var w *narrator
	return func(l Line) {
		if w == nil || w.net != l.Node.net {
			w = newNarrator(l.Node.net)
		}
		if s := w.line(l); s != "" {
			out(s)
		}
	}
}

// narrator writes lines for people. Blocks are called by who found them, a#1,
// and transactions as the scenario calls them.
type narrator struct {
	net   *Net
	seen  int // of net.found
	made  map[*Node]int
	names map[chainhash.Hash]string
	shown map[*Node]string // the last views: pings make new ones all the time
}

func newNarrator(n *Net) *narrator {
	g := n.cfg.Params.Genesis.Hash()
	return &narrator{net: n, made: map[*Node]int{}, shown: map[*Node]string{}, names: map[chainhash.Hash]string{g: "genesis"}}
}

func (w *narrator) name(h chainhash.Hash) string {
	for ; w.seen < len(w.net.found); w.seen++ {
		f := w.net.found[w.seen]
		w.made[f.Node]++
		w.names[f.Hash] = fmt.Sprintf("%s#%d", f.Node.spec.Name, w.made[f.Node])
	}
	if s := w.names[h]; s != "" {
		return s
	}
	return h.String()[:8]
}

// peer names the other end of a connection.
func (w *narrator) peer(x *Node, p protocol.PeerID) string {
	if p == 0 || uint64(p) > uint64(len(x.byPeer)) || x.byPeer[p-1].conn == nil {
		return "?"
	}
	at := x.byPeer[p-1]
	return at.conn.ends[1-at.side].node.spec.Name
}

// line writes an event or effect, "" for what says nothing.
func (w *narrator) line(l Line) string {
	s := ""
	switch {
	case l.Event != nil:
		s = w.event(l.Node, l.Event)
	case l.Effect != nil:
		s = w.effect(l.Node, l.Effect)
	}
	if s == "" {
		return ""
	}
	return fmt.Sprintf("%10.3f %-3s %s", float64(l.At)/1e9, l.Node.spec.Name, s)
}

func (w *narrator) event(x *Node, e node.Event) string {
	switch e := e.(type) {
	case node.SubmitBlock:
		return "finds " + w.name(e.Block.Hash())
	case node.SubmitTx:
		return "is given " + w.name(e.Tx.ID())
	case node.PeerEvent:
		switch e := e.Event.(type) {
		case protocol.PeerUp:
			if e.Inbound {
				return "is dialled by " + w.peer(x, e.Peer)
			}
			return "has dialled " + w.peer(x, e.Peer)
		case protocol.PeerDown:
			return "loses a peer: " + e.Reason
		case protocol.Asked:
			if _, dull := e.Request.(*protocol.Ping); dull {
				return ""
			}
			return fmt.Sprintf("is asked by %s: %s", w.peer(x, e.Peer), w.message(e.Request))
		case protocol.Answered:
			if e.Err != nil {
				return fmt.Sprintf("gets no answer from %s: %v", w.peer(x, e.Peer), e.Err)
			}
			if _, dull := e.Response.(*protocol.Pong); dull {
				return ""
			}
			return fmt.Sprintf("is answered by %s: %s", w.peer(x, e.Peer), w.message(e.Response))
		case protocol.Told:
			return fmt.Sprintf("is told by %s: %s", w.peer(x, e.Peer), w.message(e.Notice))
		case protocol.DialFailed:
			return fmt.Sprintf("dials %s in vain: %s", e.Address, e.Reason)
		case protocol.Listening:
			if e.Address == "" {
				return "cannot listen: " + e.Reason
			}
			return "listens on " + e.Address
		}
	}
	return ""
}

func (w *narrator) effect(x *Node, e node.Effect) string {
	switch e := e.(type) {
	case node.Changed:
		v := x.view
		s := fmt.Sprintf("shows height %d, tip %s, %d in the mempool", v.Tip.Height, w.name(v.Tip.Hash), v.Mempool.Len())
		if w.shown[x] == s {
			return ""
		}
		w.shown[x] = s
		return s
	case node.PeerEffect:
		switch e := e.Effect.(type) {
		case protocol.Close:
			return fmt.Sprintf("leaves %s: %s", w.peer(x, e.Peer), e.Reason)
		case protocol.Say:
			return "says: " + e.Text
		}
	}
	return ""
}

func (w *narrator) message(m any) string {
	switch m := m.(type) {
	case *protocol.Hello:
		return fmt.Sprintf("hello id=%d listen=%q height=%d tip=%s", m.ID, m.Listen, m.Height, w.name(m.Tip))
	case *protocol.Assign:
		return fmt.Sprintf("assign wanted=%d lease=%d", m.WantedPort, m.Lease.ID)
	case *protocol.Assigned:
		return fmt.Sprintf("assigned id=%d port=%d", m.Lease.ID, m.Lease.Port)
	case *protocol.Register:
		return "register " + m.Listen
	case *protocol.Registered:
		return "registered"
	case *protocol.Peers:
		return "peers " + members(m.Peers)
	case *protocol.GetHeaders:
		return fmt.Sprintf("headers after %s (%d in the locator)", w.name(m.Locator[0]), len(m.Locator))
	case *protocol.Headers:
		return "headers " + w.headers(m.Headers)
	case *protocol.GetBlocks:
		return "blocks " + w.hashes(m.Hashes)
	case *protocol.Blocks:
		list := make([]chainhash.Hash, len(m.Blocks))
		for i, b := range m.Blocks {
			list[i] = b.Hash()
		}
		return "blocks " + w.hashes(list)
	case *protocol.GetTxs:
		return "txs " + w.hashes(m.Txids)
	case *protocol.Txs:
		return "txs " + w.txs(m.Txs)
	case *protocol.GetBlockTxs:
		return fmt.Sprintf("blocktxs of %s: %v", w.name(m.Hash), m.Indexes)
	case *protocol.BlockTxs:
		return fmt.Sprintf("blocktxs of %s: %s", w.name(m.Hash), w.txs(m.Txs))
	case *protocol.Announce:
		return w.announce(m)
	case *protocol.Compact:
		return fmt.Sprintf("compact %s with %d ids and %d transactions", w.name(m.Header.Hash()), len(m.ShortIDs), len(m.Prefilled))
	case protocol.Request:
		return strings.TrimPrefix(m.Method(), "peer.")
	}
	return fmt.Sprintf("%T", m)
}

func (w *narrator) announce(m *protocol.Announce) string {
	s := "announce"
	if len(m.Headers) > 0 {
		s += " headers " + w.headers(m.Headers)
	}
	if len(m.Txids) > 0 {
		s += " txs " + w.hashes(m.Txids)
	}
	if len(m.Peers) > 0 {
		s += " peers " + members(m.Peers)
	}
	if len(m.Wallets) > 0 {
		s += fmt.Sprintf(" %d wallets", len(m.Wallets))
	}
	return s
}

// maxNames is how many names a line gives before it only counts.
const maxNames = 4

func (w *narrator) hashes(list []chainhash.Hash) string {
	if len(list) > maxNames {
		return fmt.Sprintf("%s … %s (%d)", w.name(list[0]), w.name(list[len(list)-1]), len(list))
	}
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = w.name(h)
	}
	return strings.Join(names, " ")
}

func (w *narrator) headers(list []consensus.Header) string {
	hashes := make([]chainhash.Hash, len(list))
	for i := range list {
		hashes[i] = list[i].Hash()
	}
	return w.hashes(hashes)
}

func (w *narrator) txs(list []*consensus.Tx) string {
	hashes := make([]chainhash.Hash, len(list))
	for i, tx := range list {
		hashes[i] = tx.ID()
	}
	return w.hashes(hashes)
}

func members(list []protocol.Member) string {
	s := make([]string, len(list))
	for i, m := range list {
		s[i] = fmt.Sprintf("%d@%s", m.ID, m.Address)
	}
	return strings.Join(s, " ")
}
