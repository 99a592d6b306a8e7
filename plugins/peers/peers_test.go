package peers

import (
	"context"
	"reflect"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

// TestHello exchanges the first messages over a real socket.
func TestHello(t *testing.T) {
	a, b := newNode(t), newNode(t)
	bAtA, aAtB := connect(a, b)
	mine, yours := &protocol.Hello{Protocol: 1, Agent: "a", Nonce: 1<<63 + 5}, &protocol.Hello{Protocol: 1, Agent: "b", Height: 7}
	a.Do(protocol.Ask{Peer: bAtA, Call: 11, Request: mine})
	a.Do(protocol.Tell{Peer: bAtA, Notice: &protocol.Announce{Txids: []chainhash.Hash{{1}}}})
	asked := await[protocol.Asked](b)
	if asked.Peer != aAtB || !reflect.DeepEqual(asked.Request, mine) {
		t.Fatalf("asked %+v", asked)
	}
	b.Do(protocol.Answer{Peer: aAtB, Call: asked.Call, Response: yours})
	if got := await[protocol.Told](b); got.Notice.(*protocol.Announce).Txids[0] != (chainhash.Hash{1}) {
		t.Fatalf("told %+v", got)
	}
	if got := await[protocol.Answered](a); got.Call != 11 || !reflect.DeepEqual(got.Response, yours) || got.Err != nil {
		t.Fatalf("answered %+v", got)
	}
	b.Do(protocol.Close{Peer: aAtB, Reason: "wrong network: ours is x"})
	if got := await[protocol.PeerDown](a); got.Reason != "the peer closed the connection: wrong network: ours is x" {
		t.Fatalf("down %+v", got)
	}
	if got := await[protocol.PeerDown](b); got.Reason != "wrong network: ours is x" {
		t.Fatalf("down %+v", got)
	}
}

// TestFetchChain asks a node as one with an empty folder does.
func TestFetchChain(t *testing.T) {
	policy := &protocol.Policy{Manifest: []byte("{}"), Scripts: []protocol.Script{{Hook: "reward", File: "reward.lua", Text: []byte("return 1")}}}
	b := newNode(t, func(_ *Config, d *Deps) {
		d.Serve = func(_ context.Context, r protocol.Request) (protocol.Response, *protocol.Error) {
			if r, ok := r.(*protocol.GetPolicy); ok && r.ID == (chainhash.Hash{9}) {
				return policy, nil
			}
			return &protocol.Params{ChainFile: []byte("chain")}, nil
		}
	})
	go func() {
		for range 2 {
			q := await[protocol.Asked](b)
			b.Do(protocol.Serve(q))
		}
	}()
	c, err := FetchChain(t.Context(), DefaultConfig(), b.address, func(file []byte) ([]chainhash.Hash, error) {
		return []chainhash.Hash{{9}}, nil
	})
	if err != nil || string(c.File) != "chain" || !reflect.DeepEqual(c.Policies, []*protocol.Policy{policy}) {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err = FetchChain(t.Context(), DefaultConfig(), "127.0.0.1:1", nil); err == nil {
		t.Fatal("a dead address gave a chain")
	} else {
		t.Log(err)
	}
}

// TestSave keeps records in their order, also those that come at the end; the
// disk's slowness is not the caller's.
func TestSave(t *testing.T) {
	const count = 100
	free := make(chan struct{})
	var got []protocol.Record
	tr, err := New(DefaultConfig(), Deps{Save: func(r []protocol.Record) {
		<-free
		got = append(got, r...)
	}})
	if err != nil {
		t.Fatal(err)
	}
	var want []protocol.Record
	for i := range count {
		r := protocol.Record{Key: "k", Value: []byte{byte(i)}}
		want = append(want, r)
		tr.Do(protocol.Save{Records: []protocol.Record{r}})
	}
	close(free)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tr.Run(ctx, nil); err != nil {
		t.Fatal(err)
	}
	last := protocol.Record{Key: "last"}
	tr.Do(protocol.Save{Records: []protocol.Record{last}})
	if want = append(want, last); !reflect.DeepEqual(got, want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
}
