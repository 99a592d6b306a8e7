package mempool

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// p2sh locks an output to a redeem script.
func p2sh(redeem []byte) []byte {
	return append(append([]byte{txscript.OP_HASH160, 20}, address.Hash160(redeem)...), txscript.OP_EQUAL)
}

func push(data ...[]byte) []byte {
	b := txscript.NewScriptBuilder()
	for _, d := range data {
		b.AddData(d)
	}
	s, err := b.Script()
	if err != nil {
		panic(err)
	}
	return s
}

// fakeKeys are n pushes of what has the form of a public key.
func fakeKeys(n int) []byte {
	key := append([]byte{33, 2}, make([]byte, 32)...)
	return bytes.Repeat(key, n)
}

// coin adds a confirmed coin.
func (c *testChain) coin(script []byte) wire.OutPoint {
	o := wire.OutPoint{Index: uint32(len(c.coins))}
	o.Hash[0] = 0xcc
	c.coins[o] = &consensus.Coin{Value: consensus.CoinUnit, Script: script, Height: 1}
	return o
}

// TestRejectWords makes one transaction for each word. A good payment of an
// old coin is changed, so that nothing else is wrong with it.
func TestRejectWords(t *testing.T) {
	good := func(c *testChain) *wire.MsgTx { return c.msg(1000, 2, c.coinbase(1, 0)) }
	change := func(f func(*wire.MsgTx)) func(*testChain) *wire.MsgTx {
		return func(c *testChain) *wire.MsgTx {
			m := good(c)
			f(m)
			return m
		}
	}
	script := func(s []byte) func(*testChain) *wire.MsgTx {
		return change(func(m *wire.MsgTx) { m.TxOut[0].PkScript = s })
	}
	spending := func(coinScript, sigScript []byte, witness ...[]byte) func(*testChain) *wire.MsgTx {
		return func(c *testChain) *wire.MsgTx {
			m := c.msg(1000, 1, c.coin(coinScript))
			m.TxIn[0].SignatureScript, m.TxIn[0].Witness = sigScript, witness
			return m
		}
	}
	taprootOut := append([]byte{txscript.OP_1, 32}, make([]byte, 32)...)
	manyOps := append(bytes.Repeat([]byte{txscript.OP_CHECKSIG}, 16), txscript.OP_TRUE)

	tests := []struct {
		word string // as clients see it
		make func(*testChain) *wire.MsgTx
	}{
		{"bad-txns-vin-empty", change(func(m *wire.MsgTx) { m.TxIn = nil })},
		{"bad-txns-vout-empty", change(func(m *wire.MsgTx) { m.TxOut = nil })},
		{"bad-txns-vout-negative", change(func(m *wire.MsgTx) { m.TxOut[0].Value = -1 })},
		{"bad-txns-inputs-duplicate", change(func(m *wire.MsgTx) { m.TxIn = append(m.TxIn, m.TxIn[0]) })},
		{"coinbase", func(c *testChain) *wire.MsgTx { return c.blocks[3].Txs[0].Msg }},
		{"version", change(func(m *wire.MsgTx) { m.Version = 0 })},
		{"version", change(func(m *wire.MsgTx) { m.Version = 4 })},
		{"version", change(func(m *wire.MsgTx) { m.Version = -1 })},
		{"tx-size", change(func(m *wire.MsgTx) { m.TxIn[0].Witness = [][]byte{make([]byte, 400_000), anyone} })},
		{"scriptsig-size", change(func(m *wire.MsgTx) { m.TxIn[0].SignatureScript = bytes.Repeat([]byte{txscript.OP_1}, 1651) })},
		{"scriptsig-not-pushonly", change(func(m *wire.MsgTx) { m.TxIn[0].SignatureScript = []byte{txscript.OP_NOP} })},
		{"scriptpubkey", script([]byte{txscript.OP_TRUE})},
		{"scriptpubkey", script(nil)},
		{"scriptpubkey", script([]byte{txscript.OP_0, 3, 1, 2, 3})}, // a witness program of no known length
		{"scriptpubkey", script(append(append([]byte{txscript.OP_1}, fakeKeys(4)...), txscript.OP_4, txscript.OP_CHECKMULTISIG))}, // 1 of 4
		{"datacarrier", func(c *testChain) *wire.MsgTx { // by default the weight limit comes first
			c.pool.config.MaxDatacarrier = 9
			m := good(c)
			data := []byte{txscript.OP_RETURN, 3, 1, 2, 3}
			m.TxOut = append(m.TxOut, wire.NewTxOut(0, data), wire.NewTxOut(0, data))
			return m
		}},
		{"bare-multisig", func(c *testChain) *wire.MsgTx {
			c.pool.config.BareMultisig = false
			m := good(c)
			m.TxOut[0].PkScript = append(append([]byte{txscript.OP_1}, fakeKeys(1)...), txscript.OP_1, txscript.OP_CHECKMULTISIG)
			return m
		}},
		{"dust", change(func(m *wire.MsgTx) { m.TxOut[0].Value = 329; m.TxOut[1].Value = 329 })},
		{"dust", change(func(m *wire.MsgTx) { m.TxOut[0].Value = 329 })}, // one, but a fee
		{"tx-size-small", func(c *testChain) *wire.MsgTx {
			m := good(c)
			m.TxOut = []*wire.TxOut{wire.NewTxOut(0, []byte{txscript.OP_RETURN, 2, 0, 0})}
			return m
		}},
		{"non-final", change(func(m *wire.MsgTx) { m.LockTime = 13; m.TxIn[0].Sequence = 0 })},
		{"non-final", func(c *testChain) *wire.MsgTx {
			m := good(c)
			m.LockTime = uint32(c.medianTime(c.height()))
			return m
		}},
		{"txn-already-in-mempool", func(c *testChain) *wire.MsgTx { return c.pay(1000, 2, c.coinbase(1, 0)).Msg }},
		{"txn-same-nonwitness-data-in-mempool", func(c *testChain) *wire.MsgTx {
			m := c.pay(1000, 2, c.coinbase(1, 0)).Msg.Copy()
			m.TxIn[0].Witness = [][]byte{{1}, anyone}
			return m
		}},
		{"txn-already-known", func(c *testChain) *wire.MsgTx {
			tx := c.tx(1000, 2, c.coinbase(1, 0))
			c.mine(tx)
			return tx.Msg
		}},
		{"bad-txns-inputs-missingorspent", change(func(m *wire.MsgTx) { m.TxIn[0].PreviousOutPoint.Index = 99 })},
		{"bad-txns-inputs-missingorspent", func(c *testChain) *wire.MsgTx {
			return c.msg(1000, 1, out(c.pay(1000, 2, c.coinbase(1, 0)), 2)) // an output that the parent lacks
		}},
		{"non-BIP68-final", change(func(m *wire.MsgTx) { m.TxIn[0].Sequence = 13 })},
		{"non-BIP68-final", func(c *testChain) *wire.MsgTx { // an unconfirmed parent is of the next block
			m := c.msg(1000, 1, out(c.pay(1000, 2, c.coinbase(1, 0)), 0))
			m.TxIn[0].Sequence = 1
			return m
		}},
		{"bad-txns-premature-spend-of-coinbase", func(c *testChain) *wire.MsgTx { return c.msg(1000, 1, c.coinbase(c.height(), 0)) }},
		{"bad-txns-in-belowout", change(func(m *wire.MsgTx) { m.TxOut[0].Value += 1001 })},
		{"bad-txns-nonstandard-inputs", spending([]byte{txscript.OP_TRUE}, nil)},
		{"bad-txns-nonstandard-inputs", spending([]byte{txscript.OP_3, 2, 1, 2}, nil)}, // witness version 3
		{"bad-txns-nonstandard-inputs", spending(p2sh(manyOps), push(manyOps))},
		{"bad-txns-nonstandard-inputs", spending(p2sh(anyone), nil)},
		{"bad-txns-nonstandard-inputs", spending(p2sh(anyone), []byte{txscript.OP_RESERVED})},
		{"bad-witness-nonstandard", spending(p2sh(anyone), push(anyone), []byte{1})},
		{"bad-witness-nonstandard", spending([]byte{txscript.OP_1, 2, 0x4e, 0x73}, nil, []byte{1})},
		{"bad-witness-nonstandard", spending(anyoneOut, nil, make([]byte, 81), anyone)},
		{"bad-witness-nonstandard", spending(p2wsh(make([]byte, 3601)), nil, make([]byte, 3601))},
		{"bad-witness-nonstandard", spending(taprootOut, nil, []byte{1}, []byte{annexTag})},
		{"bad-witness-nonstandard", spending(taprootOut, nil, make([]byte, 81), anyone, []byte{tapscriptLeaf})},
		{"bad-txns-too-many-sigops", func(c *testChain) *wire.MsgTx { // 201 bare multisigs of 20 × 4
			m := good(c)
			bare := append(append([]byte{txscript.OP_1}, fakeKeys(1)...), txscript.OP_1, txscript.OP_CHECKMULTISIG)
			for range 201 {
				m.TxOut = append(m.TxOut, wire.NewTxOut(1000, bare))
			}
			m.TxOut[0].Value -= 300_000
			return m
		}},
		{"min relay fee not met", func(c *testChain) *wire.MsgTx { return c.msg(5, 1, c.coinbase(1, 0)) }},
		{"mempool-script-verify-flag-failed (Witness program hash mismatch)", change(func(m *wire.MsgTx) {
			m.TxIn[0].Witness = [][]byte{{txscript.OP_2}}
		})},
		{"too-large-cluster", func(c *testChain) *wire.MsgTx {
			tx := c.pay(1000, 1, c.coinbase(1, 0))
			for range 63 {
				tx = c.pay(1000, 1, out(tx, 0))
			}
			return c.msg(1000, 1, out(tx, 0))
		}},
		{"missing-ephemeral-spends", func(c *testChain) *wire.MsgTx {
			m := c.msg(0, 2, c.coinbase(1, 0))
			m.TxOut[0].Value, m.TxOut[1].Value = 0, m.TxOut[0].Value+m.TxOut[1].Value
			parent := consensus.NewTx(m)
			if _, err := c.pool.Accept(parent, c.env(), Options{BypassLimits: true}); err != nil {
				c.t.Fatal(err)
			}
			return c.msg(1000, 1, out(parent, 1))
		}},
		{"missing-ephemeral-spends", func(c *testChain) *wire.MsgTx { // the dust comes last
			m := c.msg(0, 2, c.coinbase(1, 0))
			m.TxOut[0].Value, m.TxOut[1].Value = m.TxOut[0].Value+m.TxOut[1].Value, 0
			parent := consensus.NewTx(m)
			if _, err := c.pool.Accept(parent, c.env(), Options{BypassLimits: true}); err != nil {
				c.t.Fatal(err)
			}
			return c.msg(1000, 1, out(parent, 0))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.word, func(t *testing.T) {
			c := newChain(t)
			tx := consensus.NewTx(tt.make(c))
			_, err := c.pool.Accept(tx, c.env(), Options{TestOnly: true})
			if err == nil {
				t.Fatal("accepted")
			}
			e, ok := err.(*consensus.RuleError)
			if !ok || e.RejectWord() != tt.word {
				t.Fatalf("got %v, want %s", err, tt.word)
			}
			c.refuse(tx, e.Kind)
		})
	}
}

// TestStandardForms accepts what is just within the limits.
func TestStandardForms(t *testing.T) {
	c := newChain(t)
	scripts := [][]byte{
		push(append([]byte{2}, make([]byte, 32)...)),
		append([]byte{txscript.OP_DUP, txscript.OP_HASH160, 20}, append(make([]byte, 20), txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)...),
		p2sh(anyone),
		append([]byte{txscript.OP_0, 20}, make([]byte, 20)...),
		anyoneOut,
		append([]byte{txscript.OP_1, 32}, make([]byte, 32)...),
		{txscript.OP_1, 2, 0x4e, 0x73},
		{txscript.OP_16, 2, 0, 0},
		append(append([]byte{txscript.OP_2}, fakeKeys(3)...), txscript.OP_3, txscript.OP_CHECKMULTISIG),
		{txscript.OP_RETURN},
		append([]byte{txscript.OP_RETURN, txscript.OP_PUSHDATA4, 0x50, 0xc3, 0, 0}, make([]byte, 50_000)...),
	}
	scripts[0] = append(scripts[0], txscript.OP_CHECKSIG)
	m := c.msg(20_000, len(scripts), c.coinbase(1, 0))
	for i, s := range scripts {
		m.TxOut[i].PkScript = s
	}
	m.Version = 3
	c.accept(consensus.NewTx(m))
	c.check()
}

// TestDustThreshold has Core's numbers (policy/policy.cpp).
func TestDustThreshold(t *testing.T) {
	for _, tt := range []struct {
		script []byte
		want   int64
	}{
		{append([]byte{txscript.OP_DUP, txscript.OP_HASH160, 20}, append(make([]byte, 20), txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)...), 546},
		{append([]byte{txscript.OP_0, 20}, make([]byte, 20)...), 294},
		{anyoneOut, 330},
		{p2sh(nil), 540},
		{[]byte{txscript.OP_1, 2, 0x4e, 0x73}, 240},
		{[]byte{txscript.OP_RETURN, 1, 1}, 0},
	} {
		if got := DustThreshold(wire.NewTxOut(0, tt.script)); got != tt.want {
			t.Errorf("%x: %d, want %d", tt.script, got, tt.want)
		}
	}
}

// TestCoinsFailure keeps storage failures apart from refusals.
func TestCoinsFailure(t *testing.T) {
	c := newChain(t)
	env := c.env()
	env.Coins = brokenCoins{}
	_, err := c.pool.Accept(c.tx(1000, 1, c.coinbase(1, 0)), env, Options{})
	if _, refused := err.(*consensus.RuleError); err == nil || refused {
		t.Fatalf("got %v", err)
	}
	c.check()
}

type brokenCoins struct{}

func (brokenCoins) Coin(wire.OutPoint) (*consensus.Coin, error) { return nil, errors.New("broken") }
