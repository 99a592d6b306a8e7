package chain_test

import (
	"errors"
	"math"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

// template is a block that breaks a rule on top of a base chain.
type template struct {
	name string
	opts []chaintest.Option
	word string // what Bitcoin Core answers; "" when the block is good
}

// base is a chain of five blocks whose coinbases are mature at once, and
// outputs of many kinds at its end.
type base struct {
	chaintest.Maker
	chain []*chaintest.Block
	outs  map[string]chaintest.Out
}

func newBase() *base {
	m := chaintest.NewMaker(1)
	b := &base{Maker: m, chain: m.Chain("base", m.Genesis(), 4), outs: map[string]chaintest.Out{}}
	key := chaintest.NewKey(1)
	p2pk := chaintest.Script(key.Pub(), txscript.OP_CHECKSIG)
	scripts := []struct {
		name   string
		script []byte
	}{
		{"anyone", chaintest.Anyone},
		{"anyone2", chaintest.Anyone},
		{"false", []byte{txscript.OP_FALSE}},
		{"p2pkh", key.P2PKH()},
		{"p2wpkh", key.P2WPKH()},
		{"p2pk", p2pk},
		{"p2sh", chaintest.P2SH(chaintest.Anyone)},
		{"p2wsh", chaintest.P2WSH(chaintest.Anyone)},
		{"v16", chaintest.Script(txscript.OP_16, []byte{1, 2})},
		{"return", []byte{txscript.OP_RETURN}},
		{"cltv", chaintest.Script(int64(6), txscript.OP_CHECKLOCKTIMEVERIFY)},
		{"csv", chaintest.Script(int64(2), txscript.OP_CHECKSEQUENCEVERIFY)},
	}
	var pays []*wire.TxOut
	for _, s := range scripts {
		pays = append(pays, chaintest.Pay(100_000, s.script))
	}
	tx := chaintest.Spend([]chaintest.Out{b.chain[3].Out(0, 0)}, pays...)
	b.chain = append(b.chain, m.Block("base5", b.chain[3], chaintest.With(tx)))
	for i, s := range scripts {
		b.outs[s.name] = chaintest.OutOf(tx, i)
	}
	return b
}

func (b *base) tip() *chaintest.Block { return b.chain[len(b.chain)-1] }

// open returns a new chain with the base in it.
func (b *base) open(t *testing.T) *chaintest.Harness {
	t.Helper()
	h := chaintest.New(t, b.Maker)
	h.MustAccept(b.chain...)
	return h
}

// check offers each template on a new chain, and again.
func (b *base) check(t *testing.T, templates []template) {
	t.Helper()
	for _, tt := range templates {
		t.Run(tt.name, func(t *testing.T) {
			t.Helper()
			h := b.open(t)
			kind := consensus.Kind(tt.word)
			if i := indexAny(tt.word, " ("); i > 0 {
				kind = consensus.Kind(tt.word[:i])
			}
			block := b.Block("bad", b.tip(), append(tt.opts, chaintest.Breaks(kind))...)
			if tt.word == "" {
				h.MustAccept(block)
				return
			}
			h.Unchanged(func() {
				err := h.Accept(block)
				if !errors.Is(err, kind) || word(err) != tt.word {
					t.Errorf("%v\nwant %s", err, tt.word)
				}
				h.Rest()
			})
			// Nothing stays in the way of an honest block.
			h.MustAccept(b.Block("good", b.tip(), chaintest.With(chaintest.Pass(b.outs["anyone"], 0))))
		})
	}
}

func indexAny(s, chars string) int {
	for i, c := range s {
		for _, x := range chars {
			if c == x {
				return i
			}
		}
	}
	return -1
}

func word(err error) string {
	var e *consensus.RuleError
	if errors.As(err, &e) {
		return e.RejectWord()
	}
	return ""
}

// edits turns a change of the draft's first transaction after the coinbase,
// which spends "anyone", into an option.
func (b *base) spend(change func(tx *wire.MsgTx)) []chaintest.Option {
	return opts(func(d *chaintest.Draft) {
		tx := chaintest.Pass(b.outs["anyone"], 0)
		change(tx)
		chaintest.With(tx)(d)
	})
}

// TestInvalidHeaders breaks the rules of headers.
func TestInvalidHeaders(t *testing.T) {
	b := newBase()
	median := b.tip().MedianTime()
	now := b.open(t).Now
	bits := func(bits uint32) []chaintest.Option {
		return opts(func(d *chaintest.Draft) { d.Header.Bits, d.Unsolved = bits, true })
	}
	version := func(v int32) []chaintest.Option {
		return opts(func(d *chaintest.Draft) { d.Header.Version = v })
	}
	b.check(t, []template{
		{"good", nil, ""},
		{"hash above the target", opts(func(d *chaintest.Draft) { d.Unsolved = true }), "high-hash"},
		{"a negative target", bits(0x20ffffff), "high-hash"},
		{"a target of zero", bits(0x20000000), "high-hash"},
		{"bits of zero", bits(0), "high-hash"},
		{"a target of more than 256 bits", bits(0xff7fffff), "high-hash"},
		{"a target above the limit", bits(0x20800000), "high-hash"},
		{"a target far above the limit", bits(0x2100ffff), "high-hash"},
		{"a harder target than asked for", opts(func(d *chaintest.Draft) { d.Header.Bits = 0x207ffffe }), "bad-diffbits"},
		{"the same target in other words", opts(func(d *chaintest.Draft) { d.Header.Bits = 0x21007fff }), "bad-diffbits"},
		{"the median time", opts(chaintest.At(median)), "time-too-old"},
		{"a second before", opts(chaintest.At(median - 1)), "time-too-old"},
		{"a second after", opts(chaintest.At(median + 1)), ""},
		{"two hours ahead", opts(chaintest.At(now + 7200)), ""},
		{"a second more", opts(chaintest.At(now + 7201)), "time-too-new"},
		{"the end of time", opts(chaintest.At(math.MaxUint32)), "time-too-new"},
		{"version 4", version(4), ""},
		{"version 3", version(3), "bad-version(0x00000003)"},
		{"version 2", version(2), "bad-version(0x00000002)"},
		{"version 1", version(1), "bad-version(0x00000001)"},
		{"version 0", version(0), "bad-version(0x00000000)"},
		{"version -1", version(-1), "bad-version(0xffffffff)"},
		{"the highest version", version(math.MaxInt32), ""},
		{"no parent", opts(func(d *chaintest.Draft) { d.Header.Prev[0] ^= 1 }), "prev-blk-not-found"},
		{"another Merkle root", opts(func(d *chaintest.Draft) { d.Root = &chainhash.Hash{1} }), "bad-txnmrklroot"},
	})
}

// TestTooNewIsNotForever offers a block again when its time has come.
func TestTooNewIsNotForever(t *testing.T) {
	b := newBase()
	h := b.open(t)
	early := b.Block("early", b.tip(), chaintest.At(h.Now+7200+60))
	h.Unchanged(func() {
		if err := h.Accept(early); !errors.Is(err, consensus.TimeTooNew) {
			t.Errorf("a minute too early: %v", err)
		}
		if err := h.AddHeader(early); !errors.Is(err, consensus.TimeTooNew) {
			t.Errorf("its header: %v", err)
		}
	})
	if consensus.TimeTooNew.Permanent() || consensus.TimeTooNew.SenderFault() {
		t.Error("it is nobody's fault, and passes")
	}
	h.Now += 60
	h.MustAccept(early)
}

// TestInvalidBlocks breaks the rules that a block shows by itself and in its
// place.
func TestInvalidBlocks(t *testing.T) {
	b := newBase()
	coinbase := func(change func(tx *wire.MsgTx)) []chaintest.Option {
		return opts(func(d *chaintest.Draft) { change(d.Coinbase()) })
	}
	script := func(n int) []chaintest.Option {
		return coinbase(func(tx *wire.MsgTx) {
			s := append(tx.TxIn[0].SignatureScript[:1:1], make([]byte, 200)...)
			tx.TxIn[0].SignatureScript = s[:n]
		})
	}
	cbScript := func(s ...byte) []chaintest.Option {
		return coinbase(func(tx *wire.MsgTx) { tx.TxIn[0].SignatureScript = s })
	}
	b.check(t, []template{
		{"no transactions", opts(func(d *chaintest.Draft) { d.Txs = nil }), "bad-blk-length"},
		{"no coinbase", opts(func(d *chaintest.Draft) { d.Txs[0] = chaintest.Pass(b.outs["anyone"], 0) }), "bad-cb-missing"},
		{"coinbase second", opts(func(d *chaintest.Draft) { d.Txs = []*wire.MsgTx{chaintest.Pass(b.outs["anyone"], 0), d.Txs[0]} }), "bad-cb-missing"},
		{"coinbase with two inputs", coinbase(func(tx *wire.MsgTx) { tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{}, nil, nil)) }), "bad-cb-missing"},
		{"coinbase spends index 0", coinbase(func(tx *wire.MsgTx) { tx.TxIn[0].PreviousOutPoint.Index = 0 }), "bad-cb-missing"},
		{"coinbase spends a hash", coinbase(func(tx *wire.MsgTx) { tx.TxIn[0].PreviousOutPoint.Hash[3] = 1 }), "bad-cb-missing"},
		{"two coinbases", opts(func(d *chaintest.Draft) {
			second := d.Txs[0].Copy()
			second.TxOut[0].Value--
			d.Txs = append(d.Txs, second)
		}), "bad-cb-multiple"},
		{"the same transaction twice", opts(func(d *chaintest.Draft) {
			chaintest.With(chaintest.Pass(b.outs["anyone"], 0), chaintest.Pass(b.outs["anyone2"], 0))(d)
			d.Txs = append(d.Txs, d.Txs[2])
		}), "bad-txns-duplicate"},
		{"coinbase script of 1 byte", script(1), "bad-cb-length"},
		{"coinbase script of 2 bytes", script(2), ""},
		{"coinbase script of 100 bytes", script(100), ""},
		{"coinbase script of 101 bytes", script(101), "bad-cb-length"},
		{"coinbase without outputs", coinbase(func(tx *wire.MsgTx) { tx.TxOut = nil }), "bad-txns-vout-empty"},
		{"coinbase pays a negative amount", coinbase(func(tx *wire.MsgTx) { tx.TxOut[0].Value = -1 }), "bad-txns-vout-negative"},
		{"coinbase pays more than all money", coinbase(func(tx *wire.MsgTx) { tx.TxOut[0].Value = consensus.MaxMoney + 1 }), "bad-txns-vout-toolarge"},
		{"coinbase pays all money", coinbase(func(tx *wire.MsgTx) { tx.TxOut[0].Value = consensus.MaxMoney }), "bad-cb-amount"},
		{"coinbase without a height", cbScript(0, 0), "bad-cb-height"},
		{"height before", cbScript(txscript.OP_5, 0), "bad-cb-height"},
		{"height after", cbScript(txscript.OP_7, 0), "bad-cb-height"},
		{"height 6 as OP_6", cbScript(txscript.OP_6, 0), ""},
		{"height 6 as a push", cbScript(1, 6), "bad-cb-height"},
		{"height 6 as a long push", cbScript(2, 6, 0), "bad-cb-height"},
		{"coinbase locked until later", coinbase(func(tx *wire.MsgTx) { tx.LockTime, tx.TxIn[0].Sequence = 6, 0 }), "bad-txns-nonfinal"},
		{"coinbase locked until before", coinbase(func(tx *wire.MsgTx) { tx.LockTime, tx.TxIn[0].Sequence = 5, 0 }), ""},
		{"coinbase locked in vain", coinbase(func(tx *wire.MsgTx) { tx.LockTime = math.MaxUint32 }), ""},
		{"coinbase takes one too much", opts(chaintest.Extra(1)), "bad-cb-amount"},
		{"coinbase takes all", opts(chaintest.Extra(0)), ""},
		{"coinbase takes nothing", opts(chaintest.Extra(-50 * consensus.CoinUnit)), ""},
		{"coinbase takes the fees", append(b.spend(func(tx *wire.MsgTx) { tx.TxOut[0].Value -= 700 }), chaintest.Extra(700)), ""},
		{"coinbase takes one more than the fees", append(b.spend(func(tx *wire.MsgTx) { tx.TxOut[0].Value -= 700 }), chaintest.Extra(701)), "bad-cb-amount"},
		{"coinbase takes too much in two outputs", coinbase(func(tx *wire.MsgTx) { tx.AddTxOut(chaintest.Pay(1, chaintest.Anyone)) }), "bad-cb-amount"},
	})
}

// TestInvalidWitnesses breaks the rules of the witness commitment in blocks
// whose miner meant it so.
func TestInvalidWitnesses(t *testing.T) {
	b := newBase()
	signed := func(d *chaintest.Draft) {
		tx := chaintest.Pass(b.outs["p2wpkh"], 0)
		chaintest.NewKey(1).SignP2WPKH(tx, b.outs["p2wpkh"])
		chaintest.With(tx)(d)
	}
	late := func(change func(cb *wire.MsgTx)) []chaintest.Option {
		return opts(signed, func(d *chaintest.Draft) {
			d.Late = append(d.Late, func(d *chaintest.Draft) { change(d.Coinbase()) })
		})
	}
	commit := func(c chaintest.Commit) chaintest.Option {
		return func(d *chaintest.Draft) { d.Commit = c }
	}
	b.check(t, []template{
		{"a signed spend", opts(signed), ""},
		{"a commitment where none is needed", opts(commit(chaintest.CommitAlways)), ""},
		{"no commitment", opts(signed, commit(chaintest.CommitNever)), "unexpected-witness"},
		{"a wrong commitment", late(func(cb *wire.MsgTx) { cb.TxOut[1].PkScript[6] ^= 1 }), "bad-witness-merkle-match"},
		{"a wrong commitment after the right one", late(func(cb *wire.MsgTx) {
			cb.AddTxOut(chaintest.Pay(0, append([]byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}, make([]byte, 32)...)))
		}), "bad-witness-merkle-match"},
		{"a wrong commitment before the right one", late(func(cb *wire.MsgTx) {
			cb.TxOut = append(cb.TxOut[:1:1], chaintest.Pay(0, append([]byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}, make([]byte, 32)...)), cb.TxOut[1])
		}), ""},
		{"a commitment with more behind it", late(func(cb *wire.MsgTx) { cb.TxOut[1].PkScript = append(cb.TxOut[1].PkScript, 1, 2, 3) }), ""},
		{"a short commitment is none", late(func(cb *wire.MsgTx) { cb.TxOut[1].PkScript = cb.TxOut[1].PkScript[:37] }), "unexpected-witness"},
		{"other marker bytes are none", late(func(cb *wire.MsgTx) { cb.TxOut[1].PkScript[5] ^= 1 }), "unexpected-witness"},
		{"no witness nonce", late(func(cb *wire.MsgTx) { cb.TxIn[0].Witness = nil }), "bad-witness-nonce-size"},
		{"a nonce of 33 bytes", late(func(cb *wire.MsgTx) { cb.TxIn[0].Witness = wire.TxWitness{make([]byte, 33)} }), "bad-witness-nonce-size"},
		{"two nonces", late(func(cb *wire.MsgTx) { cb.TxIn[0].Witness = append(cb.TxIn[0].Witness, []byte{}) }), "bad-witness-nonce-size"},
		{"a nonce, but no commitment", opts(commit(chaintest.CommitNever), func(d *chaintest.Draft) {
			d.Coinbase().TxIn[0].Witness = wire.TxWitness{make([]byte, 32)}
		}), "unexpected-witness"},
	})
}

// TestInvalidTransactions breaks the rules of transactions inside of a block.
func TestInvalidTransactions(t *testing.T) {
	b := newBase()
	any1, any2 := b.outs["anyone"], b.outs["anyone2"]
	txs := func(list ...*wire.MsgTx) []chaintest.Option { return opts(chaintest.With(list...)) }
	child := chaintest.Pass(chaintest.OutOf(chaintest.Pass(any1, 0), 0), 0)
	nowhere := any1
	nowhere.Hash[0] ^= 1
	beyond := any1
	beyond.Index = 99
	b.check(t, []template{
		{"no inputs", b.spend(func(tx *wire.MsgTx) { tx.TxIn = nil }), "bad-txns-vin-empty"},
		{"no outputs", b.spend(func(tx *wire.MsgTx) { tx.TxOut = nil }), "bad-txns-vout-empty"},
		{"a negative output", b.spend(func(tx *wire.MsgTx) { tx.TxOut[0].Value = -1 }), "bad-txns-vout-negative"},
		{"the most negative output", b.spend(func(tx *wire.MsgTx) { tx.TxOut[0].Value = math.MinInt64 }), "bad-txns-vout-negative"},
		{"an output of zero", b.spend(func(tx *wire.MsgTx) { tx.TxOut[0].Value = 0 }), ""},
		{"an output above all money", b.spend(func(tx *wire.MsgTx) { tx.TxOut[0].Value = consensus.MaxMoney + 1 }), "bad-txns-vout-toolarge"},
		{"an output of all money", b.spend(func(tx *wire.MsgTx) { tx.TxOut[0].Value = consensus.MaxMoney }), "bad-txns-in-belowout"},
		{"outputs above all money together", b.spend(func(tx *wire.MsgTx) {
			tx.TxOut[0].Value = consensus.MaxMoney
			tx.AddTxOut(chaintest.Pay(1, nil))
		}), "bad-txns-txouttotal-toolarge"},
		{"outputs whose sum overflows", b.spend(func(tx *wire.MsgTx) {
			tx.TxOut[0].Value = consensus.MaxMoney
			for range 4400 {
				tx.AddTxOut(chaintest.Pay(consensus.MaxMoney, nil))
			}
		}), "bad-txns-txouttotal-toolarge"},
		{"the same input twice", b.spend(func(tx *wire.MsgTx) { tx.AddTxIn(tx.TxIn[0]) }), "bad-txns-inputs-duplicate"},
		{"the same input twice among many", b.spend(func(tx *wire.MsgTx) {
			for i := range 40 {
				tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{Index: uint32(i)}, nil, nil))
			}
			tx.AddTxIn(tx.TxIn[0])
		}), "bad-txns-inputs-duplicate"},
		{"the null outpoint among inputs", b.spend(func(tx *wire.MsgTx) {
			tx.AddTxIn(wire.NewTxIn(&wire.OutPoint{Index: math.MaxUint32}, nil, nil))
		}), "bad-txns-prevout-null"},
		{"outputs above inputs", b.spend(func(tx *wire.MsgTx) { tx.TxOut[0].Value++ }), "bad-txns-in-belowout"},
		{"an output that was never made", txs(chaintest.Pass(nowhere, 0)), "bad-txns-inputs-missingorspent"},
		{"an index that was never made", txs(chaintest.Pass(beyond, 0)), "bad-txns-inputs-missingorspent"},
		{"an output that was spent before", txs(chaintest.Pass(b.chain[3].Out(0, 0), 0)), "bad-txns-inputs-missingorspent"},
		{"the coinbase of genesis", txs(chaintest.Pass(b.Genesis().Out(0, 0), 0)), "bad-txns-inputs-missingorspent"},
		{"OP_RETURN", txs(chaintest.Pass(b.outs["return"], 0)), "bad-txns-inputs-missingorspent"},
		{"the same output twice in a block", txs(chaintest.Pass(any1, 0), chaintest.Pass(any1, 1)), "bad-txns-inputs-missingorspent"},
		{"the same output made and spent twice in a block", txs(chaintest.Pass(any1, 0), child, chaintest.Spend([]chaintest.Out{chaintest.OutOf(chaintest.Pass(any1, 0), 0), any2}, chaintest.Pay(1, nil))), "bad-txns-inputs-missingorspent"},
		{"one of two inputs missing", txs(chaintest.Spend([]chaintest.Out{any2, nowhere}, chaintest.Pay(1, nil))), "bad-txns-inputs-missingorspent"},
		{"made and spent in the block", txs(chaintest.Pass(any1, 0), child), ""},
		{"spent before it is made", txs(child, chaintest.Pass(any1, 0)), "bad-txns-inputs-missingorspent"},
		{"the block's own coinbase", opts(func(d *chaintest.Draft) {
			chaintest.With(chaintest.Pass(chaintest.OutOf(d.Coinbase(), 0), 0))(d)
		}), "bad-txns-premature-spend-of-coinbase"},
		{"a false script", txs(chaintest.Pass(b.outs["false"], 0)),
			"block-script-verify-flag-failed (Script evaluated without error but finished with a false/empty top stack element)"},
		{"no signature", txs(chaintest.Pass(b.outs["p2pkh"], 0)),
			"block-script-verify-flag-failed (Operation not valid with the current stack size)"},
		{"no witness", txs(chaintest.Pass(b.outs["p2wpkh"], 0)),
			"block-script-verify-flag-failed (Witness program hash mismatch)"},
		{"no witness script", txs(chaintest.Pass(b.outs["p2wsh"], 0)),
			"block-script-verify-flag-failed (Witness program was passed an empty witness)"},
		{"64 bytes are as good as any other length", b.spend(func(tx *wire.MsgTx) {
			tx.TxOut[0].PkScript = []byte{txscript.OP_TRUE, txscript.OP_TRUE, txscript.OP_DROP, txscript.OP_NOP}
			if n := tx.SerializeSize(); n != 64 {
				t.Errorf("%d bytes", n)
			}
		}), ""},
		{"an unknown witness version", txs(chaintest.Pass(b.outs["v16"], 0)), ""},
	})
}

// TestInvalidSpends breaks the rules of scripts in a few typical ways.
func TestInvalidSpends(t *testing.T) {
	b := newBase()
	key, other := chaintest.NewKey(1), chaintest.NewKey(2)
	signed := func(name string, sign func(tx *wire.MsgTx, out chaintest.Out)) []chaintest.Option {
		tx := chaintest.Pass(b.outs[name], 0)
		sign(tx, b.outs[name])
		return opts(chaintest.With(tx))
	}
	input := func(name string, script []byte, witness ...[]byte) []chaintest.Option {
		return signed(name, func(tx *wire.MsgTx, _ chaintest.Out) {
			tx.TxIn[0].SignatureScript, tx.TxIn[0].Witness = script, witness
		})
	}
	const failed = "block-script-verify-flag-failed "
	const isFalse = failed + "(Script evaluated without error but finished with a false/empty top stack element)"
	b.check(t, []template{
		{"P2PKH", signed("p2pkh", func(tx *wire.MsgTx, o chaintest.Out) { key.SignP2PKH(tx, 0, o) }), ""},
		{"P2PKH with another key", signed("p2pkh", func(tx *wire.MsgTx, o chaintest.Out) { other.SignP2PKH(tx, 0, o) }),
			failed + "(Script failed an OP_EQUALVERIFY operation)"},
		{"P2PKH of another amount", signed("p2pkh", func(tx *wire.MsgTx, o chaintest.Out) {
			key.SignP2PKH(tx, 0, o)
			tx.TxOut[0].Value--
		}), isFalse},
		{"P2PKH without DER", signed("p2pkh", func(tx *wire.MsgTx, o chaintest.Out) {
			tx.TxIn[0].SignatureScript = chaintest.Script([]byte{1, 2, 3}, key.Pub())
		}), failed + "(Non-canonical DER signature)"},
		{"P2PKH with a useless push", signed("p2pkh", func(tx *wire.MsgTx, o chaintest.Out) {
			key.SignP2PKH(tx, 0, o)
			tx.TxIn[0].SignatureScript = append([]byte{txscript.OP_0}, tx.TxIn[0].SignatureScript...)
		}), ""},
		{"P2WPKH", signed("p2wpkh", func(tx *wire.MsgTx, o chaintest.Out) { key.SignP2WPKH(tx, o) }), ""},
		{"P2WPKH of another amount", signed("p2wpkh", func(tx *wire.MsgTx, o chaintest.Out) {
			o.Value--
			key.SignP2WPKH(tx, o)
		}), isFalse},
		{"P2WPKH with another key", signed("p2wpkh", func(tx *wire.MsgTx, o chaintest.Out) {
			key.SignP2WPKH(tx, o)
			tx.TxIn[0].Witness[1] = other.Pub()
		}), failed + "(Script failed an OP_EQUALVERIFY operation)"},
		{"P2WPKH with an input script", signed("p2wpkh", func(tx *wire.MsgTx, o chaintest.Out) {
			key.SignP2WPKH(tx, o)
			tx.TxIn[0].SignatureScript = []byte{txscript.OP_0}
		}), failed + "(Witness requires empty scriptSig)"},
		{"P2SH", input("p2sh", chaintest.Script(chaintest.Anyone)), ""},
		{"P2SH with another script", input("p2sh", chaintest.Script([]byte{txscript.OP_2})), isFalse},
		{"P2SH with more than pushes", input("p2sh", append([]byte{txscript.OP_NOP}, chaintest.Script(chaintest.Anyone)...)),
			failed + "(Only push operators allowed in signatures)"},
		{"P2WSH", input("p2wsh", nil, chaintest.Anyone), ""},
		{"P2WSH with another script", input("p2wsh", nil, []byte{txscript.OP_2}), failed + "(Witness program hash mismatch)"},
		{"P2WSH that leaves too much", input("p2wsh", nil, []byte{1}, chaintest.Anyone),
			failed + "(Stack size must be exactly one after execution)"},
		{"a witness for a plain output", input("anyone", nil, []byte{1}), failed + "(Witness provided for non-witness script)"},
		{"a witness that an unknown version ignores", input("v16", nil, []byte{1}, nil, []byte{2}), ""},
	})
}

// TestTwoFaults shows which of two broken rules is named.
func TestTwoFaults(t *testing.T) {
	b := newBase()
	bad := chaintest.Pass(b.outs["anyone"], -1)
	locked := chaintest.Pass(b.outs["false"], 0)
	unsolved := func(d *chaintest.Draft) { d.Unsolved = true }
	root := func(d *chaintest.Draft) { d.Root = &chainhash.Hash{1} }
	orphan := func(d *chaintest.Draft) { d.Header.Prev[0] ^= 1 }
	version := func(d *chaintest.Draft) { d.Header.Version = 1 }
	bits := func(d *chaintest.Draft) { d.Header.Bits = 0x207ffffe }
	noOutputs := func(d *chaintest.Draft) { d.Coinbase().TxOut = nil }
	height := chaintest.Option(chaintest.WrongHeight)
	nonFinal := func(d *chaintest.Draft) { d.Coinbase().LockTime, d.Coinbase().TxIn[0].Sequence = 100, 0 }
	b.check(t, []template{
		{"work before all", opts(unsolved, root, orphan, version), "high-hash"},
		{"Merkle root before coinbase", opts(root, noOutputs), "bad-txnmrklroot"},
		{"transactions before the parent", opts(noOutputs, orphan), "bad-txns-vout-empty"},
		{"parent before bits", opts(orphan, bits), "prev-blk-not-found"},
		{"bits before time", opts(bits, chaintest.At(5)), "bad-diffbits"},
		{"time before version", opts(chaintest.At(5), version), "time-too-old"},
		{"version before finality", opts(version, nonFinal), "bad-version(0x00000001)"},
		{"finality before height", opts(height, nonFinal), "bad-txns-nonfinal"},
		{"height before amount", opts(height, chaintest.Extra(1)), "bad-cb-height"},
		{"inputs before the coinbase's amount", opts(chaintest.Extra(1), chaintest.With(bad)), "bad-txns-in-belowout"},
		{"the coinbase's amount before scripts", opts(chaintest.Extra(1), chaintest.With(locked)), "bad-cb-amount"},
		{"inputs of a later transaction before scripts", opts(chaintest.With(locked, bad)), "bad-txns-in-belowout"},
	})
}
