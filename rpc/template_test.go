package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/rpc/rpctest"
)

// segwit is a template request with more members.
func segwit(more ...any) map[string]any {
	o := map[string]any{"rules": []string{"segwit"}}
	for i := 0; i < len(more); i += 2 {
		o[more[i].(string)] = more[i+1]
	}
	return o
}

func TestGetBlockTemplate(t *testing.T) {
	r := newMoney(t, 2)
	parent := r.pay(r.outs[0], 1100)
	child := r.pay(chaintest.OutOf(parent, 0), 2200)
	r.send(parent)
	r.send(child)
	var got templateResult
	b := r.call("getblocktemplate", segwit())
	r.into(&got, "getblocktemplate", segwit())
	if got.Previous != r.tip.Hash().String() || got.Height != 3 || got.Bits != "207fffff" || *got.CoinbaseValue != 50*consensus.CoinUnit+3300 ||
		got.CurTime != rpctest.Start || got.MinTime != r.tip.MedianTime()+1 || len(got.Transactions) != 2 || got.Version != 0x20000000 ||
		got.SigOpLimit != 80_000 || got.SizeLimit != 4_000_000 || got.WeightLimit != 4_000_000 || got.CoinbaseTxn != nil {
		t.Errorf("%+v", got)
	}
	second := got.Transactions[1]
	if second.Txid != child.TxHash().String() || second.Fee != 2200 || fmt.Sprint(second.Depends) != "[1]" || second.SigOps != 1 || second.Data != rpctest.Hex(child) {
		t.Errorf("%+v", second)
	}
	for _, want := range []string{`"capabilities":["proposal"]`, `"rules":["csv","!segwit","taproot"]`, `"vbavailable":{}`, `"vbrequired":0`, `"coinbaseaux":{}`,
		`"mutable":["time","transactions","prevblock"]`, `"noncerange":"00000000ffffffff"`, `"depends":[]`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is missing in %s", want, b)
		}
	}
	// What a miner builds from it is accepted, also with a coinbase of its own.
	block := r.buildFrom(&got)
	r.same(r.call("getblocktemplate", map[string]any{"mode": "proposal", "data": fmt.Sprintf("%x", block.Bytes())}), "null")
	r.same(r.call("submitblock", fmt.Sprintf("%x", block.Bytes())), "null")
	// An empty template has an array, not null.
	if b := r.call("getblocktemplate", segwit()); !strings.Contains(string(b), `"transactions":[]`) {
		t.Errorf("%s", b)
	}
}

// buildFrom does what an external miner does.
func (r *money) buildFrom(t *templateResult) *consensus.Block {
	r.Helper()
	m := r.node.Maker()
	var txs []*wire.MsgTx
	for _, x := range t.Transactions {
		txs = append(txs, decodeTx(x.Data, anyForm).Msg)
	}
	b := m.Block("mine", r.tip, chaintest.With(txs...), chaintest.At(t.CurTime), chaintest.Extra(*t.CoinbaseValue-50*consensus.CoinUnit))
	commitment := b.Txs[0].Msg.TxOut[1].PkScript
	if got := fmt.Sprintf("%x", commitment); got != t.Commitment {
		r.Errorf("the commitment is %s, the template says %s", got, t.Commitment)
	}
	return b.Block
}

func TestTemplateRequests(t *testing.T) {
	r := newMoney(t, 1)
	const rules = `getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})`
	r.fails(CodeParameter, rules, "getblocktemplate", map[string]any{})
	r.fails(CodeParameter, rules, "getblocktemplate", map[string]any{"rules": []string{"csv"}})
	r.fails(CodeParameter, rules, "getblocktemplate", map[string]any{"rules": "segwit"})
	r.fails(CodeParameter, "Invalid mode", "getblocktemplate", segwit("mode", "x"))
	r.fails(CodeParameter, "Invalid mode", "getblocktemplate", segwit("mode", 7))
	r.fails(CodeType, "JSON value of type number is not of expected type string", "getblocktemplate", map[string]any{"rules": []int{1}})
	r.call("getblocktemplate", segwit("mode", nil, "unknown", 1, "capabilities", []string{"coinbasetxn", "workid", "coinbase/append"}))

	propose := func(b *consensus.Block, want string) {
		t.Helper()
		r.same(r.call("getblocktemplate", map[string]any{"mode": "proposal", "data": fmt.Sprintf("%x", b.Bytes())}), want)
	}
	m := r.node.Maker()
	good := m.Block("good", r.tip, func(d *chaintest.Draft) { d.Unsolved = true })
	propose(good.Block, "null") // a proposal needs no work
	propose(m.Block("greedy", r.tip, chaintest.Greedy).Block, `"bad-cb-amount"`)
	propose(m.Block("height", r.tip, chaintest.WrongHeight).Block, `"bad-cb-height"`)
	propose(m.Block("fork", m.Genesis()).Block, `"inconclusive-not-best-prevblk"`)
	propose(r.tip.Block, `"duplicate"`)
	side := m.Block("side", m.Genesis())
	r.call("submitblock", fmt.Sprintf("%x", side.Bytes()))
	propose(side.Block, `"duplicate-inconclusive"`)
	r.call("invalidateblock", side.Hash().String())
	propose(side.Block, `"duplicate-invalid"`)
	r.fails(CodeType, "Missing data String key for proposal", "getblocktemplate", map[string]any{"mode": "proposal"})
	r.fails(CodeDeserialization, "Block decode failed", "getblocktemplate", map[string]any{"mode": "proposal", "data": "00"})
	if got := r.number("getblockcount"); got != 2 {
		t.Errorf("a proposal moved the tip to %v", got)
	}
}

// TestTemplateAge: one template serves for five seconds while the mempool
// changes; a new tip makes another at once.
func TestTemplateAge(t *testing.T) {
	r := newMoney(t, 3)
	count := func() (n int, id string) {
		var got templateResult
		r.into(&got, "getblocktemplate", segwit())
		return len(got.Transactions), got.LongPollID
	}
	_, first := count()
	r.send(r.pay(r.outs[0], 1000))
	if n, id := count(); n != 0 || id != first {
		t.Errorf("at once: %d transactions", n)
	}
	r.node.Mock(rpctest.Start + 6)
	if n, id := count(); n != 1 || id == first {
		t.Errorf("after 6 s: %d transactions", n)
	}
	r.send(r.pay(r.outs[1], 1000))
	r.call("generateblock", exampleAddress, []string{})
	if n, _ := count(); n != 2 {
		t.Errorf("after a block: %d transactions", n)
	}
}

// TestCoinbaseTxn: a miner that asks for a coinbase gets one that pays the
// node, each time another.
func TestCoinbaseTxn(t *testing.T) {
	script := chaintest.NewKey(3).P2WPKH()
	r := newRig(t, 100, func(d *Deps) { d.Payout = func(context.Context) ([]byte, error) { return script, nil } })
	ask := func(capabilities ...string) (got templateResult) {
		r.into(&got, "getblocktemplate", segwit("capabilities", capabilities))
		return got
	}
	if got := ask("coinbasetxn", "coinbasevalue"); got.CoinbaseTxn != nil || got.CoinbaseValue == nil {
		t.Errorf("both: %+v", got)
	}
	got, again := ask("coinbasetxn"), ask("coinbasetxn")
	if got.CoinbaseTxn == nil || got.CoinbaseValue != nil || got.CoinbaseTxn.Txid == again.CoinbaseTxn.Txid {
		t.Fatalf("%+v", got)
	}
	tx := decodeTx(got.CoinbaseTxn.Data, anyForm)
	if tx.ID().String() != got.CoinbaseTxn.Txid || string(tx.Msg.TxOut[0].PkScript) != string(script) || tx.Msg.HasWitness() {
		t.Errorf("%+v", got.CoinbaseTxn)
	}
	// Mined as it is.
	v, _ := r.node.Acquire()
	h := consensus.Header{Version: got.Version, Prev: v.Tip.Hash, MerkleRoot: tx.ID(), Time: uint32(got.CurTime), Bits: v.NextBits}
	for consensus.CheckProofOfWork(h.Hash(), h.Bits, &v.Params.PowLimit) != nil {
		h.Nonce++
	}
	r.same(r.call("submitblock", fmt.Sprintf("%x", consensus.NewBlock(h, []*consensus.Tx{tx}).Bytes())), "null")
	broken := newRig(t, 100, func(d *Deps) { d.Payout = func(context.Context) ([]byte, error) { return nil, errors.New("locked") } })
	if o := broken.object("getblocktemplate", segwit("capabilities", []string{"coinbasetxn"})); o["coinbasevalue"] == nil {
		t.Errorf("without a payout: %v", o)
	}
}

// TestLongPoll: it ends on a new tip, after a while on a change of the
// mempool, and at once when the server stops.
func TestLongPoll(t *testing.T) {
	r := newMoney(t, 3)
	n := r.methods()
	n.polls = pollTimes{50 * time.Millisecond, 10 * time.Millisecond}
	answer := make(chan string, 1)
	poll := func(id any) {
		go func() {
			b, err := r.try("getblocktemplate", jsonParams(r, []any{segwit("longpollid", id)}))
			answer <- fmt.Sprint(len(b) > 0, " ", err)
		}()
	}
	id := func() string { return r.object("getblocktemplate", segwit())["longpollid"].(string) }

	poll(exampleTxid + "0") // another tip: at once
	if got := <-answer; got != "true <nil>" {
		t.Error(got)
	}
	poll(id())
	r.call("generateblock", exampleAddress, []string{})
	if got := <-answer; got != "true <nil>" {
		t.Error(got)
	}
	poll(id())
	r.send(r.pay(r.outs[0], 1000))
	if got := <-answer; got != "true <nil>" {
		t.Error(got)
	}
	poll(true) // no string: the present, whenever that is
	for got := ""; got == ""; {
		r.call("generateblock", exampleAddress, []string{})
		select {
		case got = <-answer:
			if got != "true <nil>" {
				t.Error(got)
			}
		default:
		}
	}
	n.polls = defaultPollTimes
	r.node.Mock(rpctest.Start + 60) // the template is made anew
	poll(id())
	close(r.stop)
	if got := <-answer; got != "false Shutting down" {
		t.Error(got)
	}
	r.stop = make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.tryContext(ctx, "getblocktemplate", jsonParams(r, []any{segwit("longpollid", id())})); err == nil {
		t.Error("it waits for nobody")
	}
	r.fails(CodeParameter, "longpollid must be of length 64 (not 1, for 'x')", "getblocktemplate", segwit("longpollid", "x"))
	r.call("getblocktemplate", segwit("longpollid", exampleTxid+"x"))
}
