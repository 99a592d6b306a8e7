package peers

import (
	"context"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/core/protocol"
)

// testTx is a transaction of about size bytes.
func testTx(n uint32, size int) *consensus.Tx {
	msg := wire.NewMsgTx(2)
	msg.AddTxIn(wire.NewTxIn(&wire.OutPoint{Index: n}, make([]byte, 20), nil))
	msg.AddTxOut(wire.NewTxOut(int64(n), make([]byte, max(size-90, 25))))
	return consensus.NewTx(msg)
}

// testBlock has count transactions of about size bytes.
func testBlock(n uint32, count, size int) *consensus.Block {
	txs := make([]*consensus.Tx, count)
	for i := range txs {
		txs[i] = testTx(n*1000+uint32(i), size)
	}
	return consensus.NewBlock(consensus.Header{Nonce: n}, txs)
}

// serving answers each request for blocks with the same.
func serving(r protocol.Response) option {
	return func(_ *Config, d *Deps) {
		d.Serve = func(context.Context, protocol.Request) (protocol.Response, *protocol.Error) { return r, nil }
	}
}

// loop plays the loop of a node that serves everything, until the test ends.
func (n *node) loop(t testing.TB, on func(protocol.Event)) {
	n.drain(t, func(e protocol.Event) {
		if q, ok := e.(protocol.Asked); ok {
			n.Do(protocol.Serve(q))
		}
		if on != nil {
			on(e)
		}
	})
}

// drain takes all events, until the test ends.
func (n *node) drain(t testing.TB, on func(protocol.Event)) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case e := <-n.events:
				on(e)
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// benchmarkAsks keeps some requests in flight.
func benchmarkAsks(b *testing.B, inFlight int, request protocol.Request, response protocol.Response) {
	server := newNode(b, serving(response))
	a := startNode(b)
	at, _ := connect(a, server)
	server.loop(b, nil)
	b.ReportAllocs()
	b.ResetTimer()
	asked := 0
	ask := func() {
		asked++
		a.Do(protocol.Ask{Peer: at, Call: uint64(asked), Request: request})
	}
	for range min(inFlight, b.N) {
		ask()
	}
	for range b.N {
		if got := await[protocol.Answered](a); got.Err != nil {
			b.Fatal(got.Err)
		}
		if asked < b.N {
			ask()
		}
	}
}

func BenchmarkSmallAnswers(b *testing.B) {
	benchmarkAsks(b, 16, &protocol.Ping{Nonce: 7}, &protocol.Pong{Nonce: 7})
}

func BenchmarkEmptyBlocks(b *testing.B) {
	r, q := &protocol.Blocks{}, &protocol.GetBlocks{}
	for n := range uint32(protocol.MaxBlocks) {
		r.Blocks = append(r.Blocks, testBlock(n, 1, 200))
		q.Hashes = append(q.Hashes, chainhash.Hash{byte(n)})
	}
	benchmarkAsks(b, 4, q, r)
	b.ReportMetric(float64(b.N*protocol.MaxBlocks)/b.Elapsed().Seconds(), "blocks/s")
}

func BenchmarkFullBlocks(b *testing.B) {
	r := &protocol.Blocks{Blocks: []*consensus.Block{testBlock(1, 20_000, 200)}}
	b.SetBytes(int64(r.Blocks[0].Size()))
	benchmarkAsks(b, 2, &protocol.GetBlocks{Hashes: make([]chainhash.Hash, 1)}, r)
}

func BenchmarkPayingBlocks(b *testing.B) {
	r := &protocol.Blocks{Blocks: []*consensus.Block{testBlock(1, 500, 225)}}
	b.SetBytes(int64(r.Blocks[0].Size()))
	benchmarkAsks(b, 4, &protocol.GetBlocks{Hashes: make([]chainhash.Hash, 1)}, r)
}
