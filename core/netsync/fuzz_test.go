package netsync_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"reflect"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// script is a peer's part in a conversation, read from fuzzed bytes.
type script struct {
	data   []byte
	blocks []*chaintest.Block
	txs    []*consensus.Tx
}

func (s *script) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *script) block() *chaintest.Block { return s.blocks[int(s.byte())%len(s.blocks)] }

func (s *script) headers() []consensus.Header {
	var list []consensus.Header
	from, n := int(s.byte()), int(s.byte())%12
	for i := range n {
		list = append(list, s.blocks[(from+i)%len(s.blocks)].Header)
	}
	return list
}

func (s *script) txids() []chainhash.Hash {
	var list []chainhash.Hash
	for range s.byte() % 8 {
		list = append(list, s.txs[int(s.byte())%len(s.txs)].ID())
	}
	return list
}

func (s *script) someTxs() []*consensus.Tx {
	var list []*consensus.Tx
	for range s.byte() % 8 {
		list = append(list, s.txs[int(s.byte())%len(s.txs)])
	}
	return list
}

func (s *script) notice() protocol.Notice {
	switch s.byte() % 3 {
	case 0:
		return &protocol.Announce{Headers: s.headers()}
	case 1:
		return &protocol.Announce{Txids: s.txids()}
	}
	b := s.block()
	c := &protocol.Compact{Header: b.Header, Nonce: uint64(s.byte()), IDBytes: int(s.byte() % 8), Prefilled: []protocol.PrefilledTx{{Tx: b.Txs[0]}}}
	for i := range b.Txs[1:] {
		if s.byte()%2 == 0 {
			c.Prefilled = append(c.Prefilled, protocol.PrefilledTx{Index: uint32(i + 1), Tx: b.Txs[i+1]})
		} else {
			c.ShortIDs = append(c.ShortIDs, uint64(s.byte()))
		}
	}
	return c
}

// response answers a request, rightly or not.
func (s *script) response(to protocol.Request) protocol.Response {
	kind := s.byte()
	if get, ok := to.(*protocol.GetBlocks); ok && kind%4 > 0 {
		answer := &protocol.Blocks{}
		for _, h := range get.Hashes {
			for _, b := range s.blocks {
				if b.Hash() == h {
					answer.Blocks = append(answer.Blocks, b.Block)
				}
			}
		}
		return answer
	}
	if get, ok := to.(*protocol.GetBlockTxs); ok && kind%4 > 0 {
		return &protocol.BlockTxs{Hash: get.Hash, Txs: s.someTxs()}
	}
	switch kind % 5 {
	case 0:
		return &protocol.Headers{Headers: s.headers()}
	case 1:
		return &protocol.Blocks{Blocks: []*consensus.Block{s.block().Block, s.block().Block}}
	case 2:
		return &protocol.Txs{Txs: s.someTxs()}
	case 3:
		return &protocol.BlockTxs{Hash: s.block().Hash(), Txs: s.someTxs()}
	}
	return &protocol.Pong{}
}

// conversation is a node that two peers talk to.
type conversation struct {
	*testing.T
	node  *node.Node
	now   int64
	asks  []protocol.Ask
	trace hash.Hash
	down  [3]bool
}

func (c *conversation) step(e node.Event) {
	for n := 0; ; n++ {
		if n > 1000 {
			c.Fatal("no rest")
		}
		effects, err := c.node.Step(c.now, e)
		if err != nil {
			c.Fatalf("%T: %v", e, err)
		}
		more := false
		for _, f := range effects {
			switch f := f.(type) {
			case node.More:
				more = true
			case node.PeerEffect:
				c.effect(f.Effect)
			case node.Done:
				fmt.Fprintf(c.trace, "done %d %v\n", f.ID, f.Err)
			default:
				fmt.Fprintf(c.trace, "%T %v\n", f, f)
			}
		}
		if !more {
			return
		}
		e = node.Continue{}
	}
}

func (c *conversation) effect(e protocol.Effect) {
	switch e := e.(type) {
	case protocol.Ask:
		c.asks = append(c.asks, e)
		fmt.Fprintf(c.trace, "ask %d %d %+v\n", e.Peer, e.Call, reflect.Indirect(reflect.ValueOf(e.Request)))
		return
	case protocol.Close:
		c.down[e.Peer] = true
	}
	fmt.Fprintf(c.trace, "%T\n", e)
}

func (c *conversation) event(e protocol.Event) { c.step(node.PeerEvent{Event: e}) }

// talk plays a script and returns the hash of all that the node did.
func talk(t *testing.T, m chaintest.Maker, s script) string {
	p := peering.Defaults()
	p.NetworkID, p.Nonce, p.First = m.Params.NetworkID, 1, true
	c := &conversation{T: t, now: (int64(m.Params.Genesis.Header.Time) + 100_000_000) * second, trace: sha256.New()}
	var err error
	c.node, err = node.Open(node.Config{
		Chain:   chain.Config{Params: m.Params, Store: chain.NewMemStore(), Verifier: consensus.SerialVerifier{}, Rules: m.Rules},
		Mempool: mempool.DefaultConfig(), Peering: &p,
	}, c.now)
	if err != nil {
		t.Fatal(err)
	}
	for id := range protocol.PeerID(2) {
		id++
		c.event(protocol.PeerUp{Peer: id, Address: fmt.Sprintf("127.0.0.1:%d", 4000+id), Inbound: true})
		c.event(protocol.Asked{Peer: id, Call: 1, Request: &protocol.Hello{
			Protocol: protocol.Version, NetworkID: m.Params.NetworkID, Agent: "/x/", Nonce: uint64(id) + 10, Kind: protocol.KindNode, Time: c.now / second, Height: 50,
		}})
	}
	for len(s.data) > 0 {
		peer := protocol.PeerID(s.byte()%2) + 1
		if c.down[peer] {
			continue
		}
		switch s.byte() % 8 {
		case 0:
			c.now += int64(s.byte()) * 100 * ms
			c.step(node.Tick{})
		case 1, 2, 3:
			c.event(protocol.Told{Peer: peer, Notice: s.notice()})
		case 4:
			c.step(node.SubmitTx{ID: 1, Tx: s.txs[int(s.byte())%len(s.txs)]})
		default:
			if len(c.asks) == 0 {
				break
			}
			i := int(s.byte()) % len(c.asks)
			a := c.asks[i]
			c.asks = append(c.asks[:i], c.asks[i+1:]...)
			if c.down[a.Peer] {
				break
			}
			e := protocol.Answered{Peer: a.Peer, Call: a.Call}
			if s.byte()%8 == 0 {
				e.Err = errors.New("lost")
			} else {
				e.Response = s.response(a.Request)
			}
			c.event(e)
		}
	}
	for id, down := range c.down {
		if id > 0 && !down {
			c.event(protocol.PeerDown{Peer: protocol.PeerID(id), Reason: "end"})
		}
	}
	v, err := c.node.View()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c.trace, "%v %d", v.Tip.Hash, v.Mempool.Len())
	return fmt.Sprintf("%x", c.trace.Sum(nil))
}

// FuzzMessages lets two peers say anything in any order. The node must neither
// fail nor panic nor go on for ever, and do the same each time.
func FuzzMessages(f *testing.F) {
	m := chaintest.NewMaker(1)
	main := m.Chain("m", m.Genesis(), 30, chaintest.PayTo(key.P2PKH()))
	txs := append(txChain(main[0].Out(0, 0), 5), txChain(main[1].Out(0, 0), 3)...)
	blocks := append(append([]*chaintest.Block{m.Genesis()}, main...), m.Chain("s", main[10], 25)...)
	blocks = append(blocks, m.Block("t", main[29], chaintest.With(msgs(txs)...)), m.Block("bad", main[29], chaintest.Greedy))
	for _, seed := range []string{"", "\x00\x05\x00\x01\x00\x00\x01\x0b", "answers \x05\x00\x01\x01\x05\x00\x01\x01 and more \x01\x02 of them"} {
		f.Add([]byte(seed))
	}
	for i := range 6 { // long conversations of all kinds
		raw := []byte{byte(i)}
		for len(raw) < 2000 {
			sum := sha256.Sum256(raw)
			raw = append(raw, sum[:]...)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4000 {
			return
		}
		if one, two := talk(t, m, script{data, blocks, txs}), talk(t, m, script{data, blocks, txs}); one != two {
			t.Error("the same conversation went another way")
		}
	})
}
