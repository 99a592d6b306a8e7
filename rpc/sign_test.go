package rpc

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/rpc/rpctest"
	"orrery/wallet/address"
)

// wif is chaintest's nth key in wallet import format.
func wif(r *rig, n byte) string {
	v, release := r.node.Acquire()
	defer release()
	secret := [32]byte{31: n}
	private, _ := btcec.PrivKeyFromBytes(secret[:])
	return codecOf(v).EncodeWIF(address.Key{PrivateKey: private, Compressed: true})
}

func (r *rig) sign(tx *wire.MsgTx, rest ...any) signedTx {
	r.Helper()
	var s signedTx
	r.into(&s, "signrawtransactionwithkey", append([]any{rpctest.Hex(tx)}, rest...)...)
	return s
}

// TestSignAllTypes spends one output of each type with what the node knows of
// it, and mines the result.
func TestSignAllTypes(t *testing.T) {
	r := newRig(t, 1)
	one, two := chaintest.NewKey(1), chaintest.NewKey(2)
	multisig := chaintest.Script(txscript.OP_2, one.Pub(), two.Pub(), txscript.OP_2, txscript.OP_CHECKMULTISIG)
	tweaked := txscript.ComputeTaprootKeyNoScript(mustKey(one.Pub()))
	scripts := [][]byte{
		one.P2PKH(), one.P2WPKH(), chaintest.Script(one.Pub(), txscript.OP_CHECKSIG), multisig,
		chaintest.P2SH(one.P2WPKH()), chaintest.P2SH(multisig), chaintest.P2WSH(multisig), chaintest.P2SH(chaintest.P2WSH(multisig)),
		chaintest.Script(txscript.OP_1, tweaked.SerializeCompressed()[1:]),
	}
	m := r.node.Maker()
	first := m.Block("first", m.Genesis())
	var outs []*wire.TxOut
	for _, s := range scripts {
		outs = append(outs, chaintest.Pay(10_000, s))
	}
	split := chaintest.Spend([]chaintest.Out{first.Out(0, 0)}, outs...)
	second := m.Block("second", first, chaintest.With(split))
	r.mine(first, second)
	var from []chaintest.Out
	var prevtxs []any
	for i, s := range scripts {
		out := chaintest.OutOf(split, i)
		from = append(from, out)
		p := map[string]any{"txid": out.Hash.String(), "vout": out.Index, "scriptPubKey": fmt.Sprintf("%x", s), "amount": 0.0001}
		switch i {
		case 5:
			p["redeemScript"] = fmt.Sprintf("%x", multisig)
		case 6, 7:
			p["witnessScript"] = fmt.Sprintf("%x", multisig)
		default:
			continue // the node finds these by itself
		}
		prevtxs = append(prevtxs, p)
	}
	tx := chaintest.Spend(from, chaintest.Pay(80_000, one.P2WPKH()))
	keys := []string{wif(r, 1), wif(r, 2)}
	done := r.sign(tx, keys, prevtxs)
	if !done.Complete || done.Errors != nil {
		t.Fatalf("%+v", done.Errors)
	}
	// In two steps, each with one key.
	half := r.sign(tx, keys[:1], prevtxs)
	if half.Complete || len(half.Errors) != 4 {
		t.Fatalf("with one key: %d errors %+v", len(half.Errors), half.Errors)
	}
	for _, f := range half.Errors {
		if f.Txid != split.TxHash().String() || f.Sequence != 0xffffffff || f.Error == "" {
			t.Errorf("%+v", f)
		}
	}
	full := r.sign(decodeTx(half.Hex, anyForm).Msg, keys[1:], prevtxs)
	if !full.Complete || full.Hex != done.Hex {
		t.Errorf("in two steps: %+v, not the same as at once", full.Errors)
	}
	r.text("sendrawtransaction", done.Hex)
}

func mustKey(pub []byte) *btcec.PublicKey {
	k, err := btcec.ParsePubKey(pub)
	if err != nil {
		panic(err)
	}
	return k
}

// TestSignFaults: the texts are Core's.
func TestSignFaults(t *testing.T) {
	r := newMoney(t, 2)
	tx := r.pay(r.outs[0], 1000)
	tx.TxIn[0].Witness = nil
	key := wif(r.rig, 1)
	if s := r.sign(tx, []string{key}); !s.Complete {
		t.Errorf("%+v", s)
	}
	if s := r.sign(tx, []string{wif(r.rig, 2)}); s.Complete || s.Errors[0].Error != "Witness program hash mismatch" || len(s.Errors[0].Witness) != 0 {
		t.Errorf("wrong key: %+v", s)
	}
	missing := chaintest.Spend([]chaintest.Out{{OutPoint: wire.OutPoint{Index: 3}}}, chaintest.Pay(1, nil))
	if s := r.sign(missing, []string{key}); s.Complete || s.Errors[0].Error != "Input not found or already spent" {
		t.Errorf("missing: %+v", s)
	}
	raw := rpctest.Hex(missing)
	prev := func(script []byte, more string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`[{"txid":"%064x","vout":3,"scriptPubKey":"%x"%s}]`, 0, script, more))
	}
	two := chaintest.Script(txscript.OP_1, r.key.Pub(), txscript.OP_1, txscript.OP_CHECKMULTISIG)
	for _, c := range []struct {
		prevtxs json.RawMessage
		code    Code
		text    string
	}{
		{prev(chaintest.P2SH(two), ""), CodeParameter, "Missing redeemScript/witnessScript"},
		{prev(chaintest.P2SH(two), `,"redeemScript":"51"`), CodeParameter, "redeemScript/witnessScript does not match scriptPubKey"},
		{prev(chaintest.P2WSH(two), `,"witnessScript":"51"`), CodeParameter, "redeemScript/witnessScript does not match scriptPubKey"},
		{prev(chaintest.P2WSH(two), fmt.Sprintf(`,"witnessScript":"%x","redeemScript":"51"`, two)), CodeParameter, "redeemScript does not correspond to witnessScript"},
		{prev(chaintest.P2WSH(two), `,"witnessScript":7`), CodeType, "JSON value of type number for field witnessScript is not of expected type string"},
		{json.RawMessage(`["x"]`), CodeDeserialization, `expected object with {"txid'","vout","scriptPubKey"}`},
		{json.RawMessage(`[{}]`), CodeType, "Missing scriptPubKey"},
		{json.RawMessage(`[{"scriptPubKey":"51","txid":7}]`), CodeType, "JSON value of type number for field txid is not of expected type string"},
		{json.RawMessage(`[{"scriptPubKey":"51","txid":"` + exampleTxid + `","vout":-1}]`), CodeDeserialization, "vout cannot be negative"},
		{json.RawMessage(`[{"scriptPubKey":"","txid":"` + exampleTxid + `","vout":1}]`), CodeParameter, "scriptPubKey must be hexadecimal string (not '')"},
		{prev(r.key.P2WPKH(), ""), CodeType, "Missing amount for 0000000000000000000000000000000000000000000000000000000000000000:3"},
	} {
		r.fails(c.code, c.text, "signrawtransactionwithkey", raw, []string{key}, c.prevtxs)
	}
	out := r.outs[1]
	_, err := r.try("signrawtransactionwithkey", fmt.Sprintf(`["%s",[],[{"txid":"%s","vout":%d,"scriptPubKey":"51"}]]`, rpctest.Hex(r.pay(out, 9)), out.Hash, out.Index))
	if err == nil || err.Code != CodeDeserialization || !strings.HasPrefix(err.Message, "Previous output scriptPubKey mismatch:\n0 751e76e8199196d454941c45d1b3a323f1433bd6\nvs:\n1") {
		t.Errorf("mismatch: %v", err)
	}
	r.fails(CodeAddress, "Invalid private key", "signrawtransactionwithkey", raw, []string{"x"})
	r.fails(CodeType, "JSON value of type number is not of expected type string", "signrawtransactionwithkey", raw, []int{1})
	r.fails(CodeDeserialization, "TX decode failed. Make sure the tx has at least one input.", "signrawtransactionwithkey", "x", []string{})
	r.fails(CodeParameter, "'BEST' is not a valid sighash parameter.", "signrawtransactionwithkey", raw, []string{}, nil, "BEST")
}

// TestSignHashTypes: each one is in its signature.
func TestSignHashTypes(t *testing.T) {
	r := newMoney(t, 1)
	tx := r.pay(r.outs[0], 1000)
	tx.TxIn[0].Witness = nil
	for name, want := range map[string]byte{"ALL": 1, "NONE": 2, "SINGLE": 3, "ALL|ANYONECANPAY": 0x81, "NONE|ANYONECANPAY": 0x82, "SINGLE|ANYONECANPAY": 0x83, "DEFAULT": 1} {
		s := r.sign(tx, []string{wif(r.rig, 1)}, nil, name)
		sig := decodeTx(s.Hex, anyForm).Msg.TxIn[0].Witness[0]
		if !s.Complete || sig[len(sig)-1] != want {
			t.Errorf("%s: complete %v, hash type %x", name, s.Complete, sig[len(sig)-1])
		}
	}
}
