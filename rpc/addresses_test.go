package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/rpc/rpctest"
	"orrery/wallet/address"
)

// scanIndex finds an address's outputs by reading the whole chain.
type scanIndex struct {
	node *rpctest.Node
	err  error
}

func (x *scanIndex) EachOutput(_ context.Context, a address.Address, yield func(wire.OutPoint, consensus.Coin, wire.OutPoint, int32)) (int32, error) {
	if x.err != nil {
		return 0, x.err
	}
	v, release := x.node.Acquire()
	defer release()
	type record struct {
		coin    consensus.Coin
		spender wire.OutPoint
		at      int32
	}
	all := map[wire.OutPoint]*record{}
	for h := int32(1); h <= v.Tip.Height; h++ {
		b, err := v.Block(v.At(h))
		if err != nil {
			return 0, err
		}
		for i, tx := range b.Txs {
			for n, in := range tx.Msg.TxIn {
				if r := all[in.PreviousOutPoint]; r != nil {
					r.spender, r.at = wire.OutPoint{Hash: tx.ID(), Index: uint32(n)}, h
				}
			}
			for n, out := range tx.Msg.TxOut {
				if string(out.PkScript) == string(a.Script()) {
					all[wire.OutPoint{Hash: tx.ID(), Index: uint32(n)}] = &record{consensus.Coin{Value: out.Value, Script: out.PkScript, Height: h, Coinbase: i == 0}, wire.OutPoint{}, -1}
				}
			}
		}
	}
	var order []wire.OutPoint
	for o := range all {
		order = append(order, o)
	}
	slices.SortFunc(order, func(a, b wire.OutPoint) int {
		return cmp.Or(slices.Compare(a.Hash[:], b.Hash[:]), cmp.Compare(a.Index, b.Index))
	})
	for _, o := range order {
		yield(o, all[o].coin, all[o].spender, all[o].at)
	}
	return v.Tip.Height, nil
}

func TestAddressMethods(t *testing.T) {
	index := &scanIndex{}
	r := newRig(t, 2, func(d *Deps) { d.Addresses = index })
	index.node = r.node
	m, key := r.node.Maker(), chaintest.NewKey(1)
	v, _ := r.node.Acquire()
	a, _ := codecOf(v).FromScript(key.P2PKH())
	name := a.String()
	b := m.Chain("b", m.Genesis(), 2, chaintest.PayTo(key.P2PKH()))
	spend := chaintest.Spend([]chaintest.Out{b[0].Out(0, 0)}, chaintest.Pay(10*consensus.CoinUnit, key.P2PKH()), chaintest.Pay(39*consensus.CoinUnit, chaintest.Anyone))
	key.SignP2PKH(spend, 0, b[0].Out(0, 0))
	b = append(b, m.Block("b3", b[1], chaintest.With(spend), chaintest.PayTo(key.P2PKH())))
	r.mine(b...)
	r.same(r.call("getaddressbalance", name), `{"balance":110.00000000,"immature":50.00000000,"received":160.00000000,"sent":50.00000000,"outputs":3,"height":3}`)
	script := fmt.Sprintf("%x", key.P2PKH())
	var list []struct {
		Txid          string
		Confirmations int
		Coinbase      bool
		Script        string `json:"scriptPubKey"`
	}
	r.into(&list, "getaddressutxos", name)
	if len(list) != 3 || list[0].Txid != b[1].Txs[0].ID().String() || list[0].Confirmations != 2 || !list[0].Coinbase || list[0].Script != script || list[1].Confirmations != 1 {
		t.Errorf("%+v", list)
	}
	list = nil
	r.into(&list, "getaddressutxos", name, 1, 1)
	if len(list) != 1 || list[0].Confirmations != 1 {
		t.Errorf("one, after one: %+v", list)
	}
	var history []struct {
		Txid                   string
		Height                 int
		Received, Sent, Amount float64
	}
	r.into(&history, "getaddresshistory", name)
	if len(history) != 4 || history[0].Height != 1 || history[1].Height != 2 {
		t.Fatalf("%+v", history)
	}
	for _, h := range history[2:] {
		if h.Txid == spend.TxHash().String() && (h.Received != 10 || h.Sent != 50 || h.Amount != -40) {
			t.Errorf("%+v", h)
		}
	}
	r.same(r.call("getaddresshistory", exampleAddress), "[]")
	r.same(r.call("getaddressutxos", exampleAddress), "[]")
	r.same(r.call("getaddressbalance", exampleAddress), `{"balance":0.00000000,"immature":0.00000000,"received":0.00000000,"sent":0.00000000,"outputs":0,"height":3}`)
	for _, method := range []string{"getaddressbalance", "getaddressutxos", "getaddresshistory"} {
		r.fails(CodeAddress, "Invalid address: Invalid or unsupported Segwit (Bech32) or Base58 encoding.", method, "0")
	}
	r.fails(CodeParameter, "count and skip cannot be negative or above 2147483647", "getaddressutxos", name, -1)
	r.fails(CodeParameter, "count and skip cannot be negative or above 2147483647", "getaddresshistory", name, 1, -1)
	index.err = errors.New("the address index is still being built: try again in a moment")
	r.fails(CodeMisc, index.err.Error(), "getaddressbalance", name)
	newRig(t, 1).fails(CodeMisc, "This node has no address index", "getaddressbalance", name)
}
