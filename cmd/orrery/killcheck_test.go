package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/cmd/internal/e2e"
	"orrery/rpc/client"
)

// check is what must hold after a restart.
func (l *loop) check(n *e2e.Node) {
	l.t.Helper()
	if strings.Contains(n.Output(), "did not end cleanly") {
		l.unclean++
	}
	state := n.State()
	chain := l.model.best(l.t, n, state.Tip)
	if hash, outs := hashOf(coinsOf(chain)); hash != state.Coins || outs != state.Outs || len(chain) != int(state.Height) {
		l.t.Errorf("I2: the node says %+v; its blocks give height %d, %d coins, %s", state, len(chain), outs, hash)
	}
	l.checkKnown(n, chain)
	l.checkTips(n, state)
	l.checkWallet(n, chain)
	l.checkIndex(n, chain)
	if strings.Contains(n.Output(), "level=ERROR") {
		l.t.Errorf("errors in the log:\n%s", n.Output())
	}
}

// checkKnown is I5: acknowledged blocks are stored, acknowledged payments are
// in the chain or the mempool, revoked blocks are not in the chain.
func (l *loop) checkKnown(n *e2e.Node, chain []*wire.MsgBlock) {
	l.t.Helper()
	for _, hash := range l.blocks {
		h, err := chainhash.NewHashFromStr(hash)
		if err != nil {
			l.t.Fatal(err)
		}
		l.model.block(l.t, n, *h)
	}
	var pool []string
	n.Must(&pool, "getrawmempool")
	have := map[string]bool{}
	for _, id := range pool {
		have[id] = true
	}
	for _, b := range chain {
		if hash := b.BlockHash().String(); l.revoked[hash] {
			l.t.Errorf("I5: block %s was declared invalid, and is in the chain", hash)
		}
		for _, tx := range b.Transactions {
			have[tx.TxHash().String()] = true
		}
	}
	for _, id := range l.txs {
		if !have[id] {
			l.t.Errorf("I5: payment %s is lost", id)
		}
	}
}

// checkWallet is I7: the wallet can spend exactly the coins of the chain that
// are its own and that none of its payments on the way spends. All are mature.
// It knows all that it sent; what a reorg made impossible for now waits in it.
func (l *loop) checkWallet(n *e2e.Node, chain []*wire.MsgBlock) {
	l.t.Helper()
	want := map[string]bool{}
	for out, coin := range coinsOf(chain) {
		if l.isMine(n, coin.script) {
			want[out.String()] = true
		}
	}
	for _, id := range l.sent {
		if err := n.Call(nil, "gettransaction", id); err != nil {
			l.t.Errorf("I5: the wallet forgot its payment %s: %v", id, err)
		}
	}
	for _, tx := range l.onTheWay(n) {
		for _, in := range tx.TxIn {
			delete(want, in.PreviousOutPoint.String())
		}
	}
	var unspent []struct {
		Txid string
		Vout uint32
	}
	n.Must(&unspent, "listunspent", 1)
	for _, u := range unspent {
		out := fmt.Sprintf("%s:%d", u.Txid, u.Vout)
		if !want[out] {
			l.t.Errorf("I7: the wallet has %s, which is spent or not its own", out)
		}
		delete(want, out)
	}
	for out := range want {
		l.t.Errorf("I7: the wallet lacks %s", out)
	}
	for address := range l.given {
		var info struct{ IsMine bool }
		if n.Must(&info, "getaddressinfo", address); !info.IsMine {
			l.t.Errorf("I7: the wallet forgot its address %s", address)
		}
	}
}

// checkIndex compares the address index, which is rebuilt when a kill has
// damaged it, with the coins of two addresses.
func (l *loop) checkIndex(n *e2e.Node, chain []*wire.MsgBlock) {
	l.t.Helper()
	outs := map[string]int{nobody: 0, e2e.AnyoneAddress: 0}
	for _, coin := range coinsOf(chain) {
		address, _ := e2e.Codec.FromScript(coin.script)
		if _, ok := outs[address.String()]; ok {
			outs[address.String()]++
		}
	}
	for address, want := range outs {
		var got struct{ Outputs int }
		if n.Must(&got, "getaddressbalance", address); got.Outputs != want {
			l.t.Errorf("the index knows %d coins of %s, the chain has %d", got.Outputs, address, want)
		}
	}
}

// onTheWay are the wallet's transactions that no block has.
func (l *loop) onTheWay(n *e2e.Node) (txs []*wire.MsgTx) {
	l.t.Helper()
	var list []struct {
		Txid          string
		Category      string
		Confirmations int
	}
	n.Must(&list, "listtransactions", "*", 1_000_000)
	for _, entry := range list {
		if entry.Category != "send" || entry.Confirmations > 0 {
			continue
		}
		var stored struct{ Hex string }
		n.Must(&stored, "gettransaction", entry.Txid)
		raw, err := hex.DecodeString(stored.Hex)
		tx := new(wire.MsgTx)
		if err == nil {
			err = tx.Deserialize(bytes.NewReader(raw))
		}
		if err != nil {
			l.t.Fatal(err)
		}
		txs = append(txs, tx)
	}
	return txs
}

func (l *loop) isMine(n *e2e.Node, script []byte) bool {
	key := string(script)
	if mine, known := l.mine[key]; known {
		return mine
	}
	address, _ := e2e.Codec.FromScript(script)
	var info struct{ IsMine bool }
	n.Must(&info, "getaddressinfo", address.String())
	l.mine[key] = info.IsMine
	return info.IsMine
}

// checkTips is I3.
func (l *loop) checkTips(n *e2e.Node, state e2e.State) {
	l.t.Helper()
	var tips []struct {
		Height int32
		Hash   string
		Status string
	}
	n.Must(&tips, "getchaintips")
	for _, tip := range tips {
		switch {
		case tip.Status == "active" && tip.Hash != state.Tip:
			l.t.Errorf("I3: the active tip is %s, the coins are those of %s", tip.Hash, state.Tip)
		case tip.Status != "invalid" && tip.Height > state.Height:
			l.t.Errorf("I3: %s at height %d is %s, the tip has height %d", tip.Hash, tip.Height, tip.Status, state.Height)
		}
	}
}

// replay gives the blocks to another node and compares: the last word on I2.
func (l *loop) replay(n *e2e.Node) {
	l.t.Helper()
	want := n.State()
	fresh := e2e.Start(l.t, l.t.TempDir())
	var calls []*client.Call
	for _, b := range l.model.best(l.t, n, want.Tip) {
		var raw bytes.Buffer
		if err := b.Serialize(&raw); err != nil {
			l.t.Fatal(err)
		}
		calls = append(calls, &client.Call{Method: "submitblock", Params: []any{hex.EncodeToString(raw.Bytes())}})
	}
	for some := range slices.Chunk(calls, 500) {
		if err := fresh.Batch(some); err != nil {
			l.t.Fatal(err)
		}
		for _, call := range some {
			if call.Err != nil || string(call.Result) != "null" {
				l.t.Fatal(fmt.Errorf("a block is refused: %s %w", call.Result, call.Err))
			}
		}
	}
	if got := fresh.State(); got != want {
		l.t.Errorf("I2: a fresh replay gives\n%+v, the node has\n%+v", got, want)
	}
	fresh.Stop()
}
