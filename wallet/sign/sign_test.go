package sign

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	addr "github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/wallet/address"
)

func key(n byte, compressed bool) address.Key {
	k, _ := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{n}, 32))
	return address.Key{PrivateKey: k, Compressed: compressed}
}

func hash160(b []byte) []byte { return addr.Hash160(b) }

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func p2sh(script []byte) []byte { return concat([]byte{0xa9, 20}, hash160(script), []byte{0x87}) }

func p2wsh(script []byte) []byte {
	h := sha256.Sum256(script)
	return concat([]byte{0, 32}, h[:])
}

func p2wpkh(k address.Key) []byte { return concat([]byte{0, 20}, hash160(k.PubKeyBytes())) }

func bare(k address.Key) []byte {
	pub := k.PubKeyBytes()
	return concat([]byte{byte(len(pub))}, pub, []byte{0xac})
}

func multisig(required int, keys ...address.Key) []byte {
	s := []byte{byte(0x50 + required)}
	for _, k := range keys {
		pub := k.PubKeyBytes()
		s = concat(s, []byte{byte(len(pub))}, pub)
	}
	return append(s, byte(0x50+len(keys)), 0xae)
}

func p2tr(k *btcec.PublicKey) []byte { return concat([]byte{0x51, 32}, schnorr.SerializePubKey(k)) }

// spend is a transaction with one input for each script and two outputs.
func spend(scripts ...[]byte) (*wire.MsgTx, map[wire.OutPoint]Prevout) {
	tx := wire.NewMsgTx(2)
	prevouts := map[wire.OutPoint]Prevout{}
	for i, script := range scripts {
		o := wire.OutPoint{Hash: chainhash.Hash{7}, Index: uint32(i)}
		tx.AddTxIn(wire.NewTxIn(&o, nil, nil))
		prevouts[o] = Prevout{Value: int64(1000 + i), Script: script}
	}
	tx.AddTxOut(wire.NewTxOut(500, []byte{0x51}))
	tx.AddTxOut(wire.NewTxOut(400, []byte{0x51}))
	return tx, prevouts
}

// mustVerify runs the scripts apart from the package's own check.
func mustVerify(t *testing.T, tx *wire.MsgTx, prevouts map[wire.OutPoint]Prevout) {
	t.Helper()
	outs := map[wire.OutPoint]*wire.TxOut{}
	for o, p := range prevouts {
		outs[o] = wire.NewTxOut(p.Value, p.Script)
	}
	fetcher := txscript.NewMultiPrevOutFetcher(outs)
	hashes := txscript.NewTxSigHashes(tx, fetcher)
	for i, in := range tx.TxIn {
		p := outs[in.PreviousOutPoint]
		vm, err := txscript.NewEngine(p.PkScript, tx, i, txscript.StandardVerifyFlags, nil, hashes, p.Value, fetcher)
		if err == nil {
			err = vm.Execute()
		}
		if err != nil {
			t.Errorf("input %d (%s): %v", i, address.ScriptType(p.PkScript), err)
		}
	}
}

// kinds are scripts that keys 1, 2 and 3 can spend, and what else that takes.
func kinds() (scripts [][]byte, extra [][]byte) {
	a, b, c := key(1, true), key(2, true), key(3, true)
	long := key(4, false)
	two := multisig(2, a, b, c)
	inner := p2wsh(multisig(1, a))
	scripts = [][]byte{
		bare(a), bare(long), p2pkh(hash160(a.PubKeyBytes())), p2pkh(hash160(long.PubKeyBytes())),
		p2wpkh(b), p2sh(p2wpkh(c)), two, p2sh(two), p2wsh(two), p2sh(inner), p2wsh(bare(a)),
		p2tr(txscript.ComputeTaprootKeyNoScript(a.PubKey())), p2tr(b.PubKey()),
	}
	return scripts, [][]byte{two, inner, multisig(1, a), bare(a)}
}

func keySet(extra [][]byte, keys ...address.Key) *KeySet {
	s := &KeySet{}
	for _, k := range keys {
		s.AddKey(k)
	}
	for _, e := range extra {
		s.AddScript(e)
	}
	return s
}

func allKeys(extra [][]byte) *KeySet {
	return keySet(extra, key(1, true), key(2, true), key(3, true), key(4, false))
}

func TestEveryScriptAndHashType(t *testing.T) {
	scripts, extra := kinds()
	for _, name := range []string{"DEFAULT", "ALL", "NONE", "ALL|ANYONECANPAY", "NONE|ANYONECANPAY"} {
		t.Run(name, func(t *testing.T) {
			hashType, err := ParseHashType(name)
			if err != nil {
				t.Fatal(err)
			}
			tx, prevouts := spend(scripts...)
			if failed := Transaction(tx, prevouts, allKeys(extra), Options{HashType: hashType}); len(failed) > 0 {
				t.Fatalf("%v", failed)
			}
			mustVerify(t, tx, prevouts)
			again, _ := spend(scripts...)
			Transaction(again, prevouts, allKeys(extra), Options{HashType: hashType})
			if again.WitnessHash() != tx.WitnessHash() {
				t.Error("signing twice gives two transactions: RFC 6979 is not followed")
			}
		})
	}
}

func TestSingleNeedsItsOutput(t *testing.T) {
	a := key(1, true)
	script := p2pkh(hash160(a.PubKeyBytes()))
	tx, prevouts := spend(script, script, script)
	failed := Transaction(tx, prevouts, keySet(nil, a), Options{HashType: txscript.SigHashSingle})
	if len(failed) != 1 || failed[0].Index != 2 {
		t.Fatalf("failed inputs %v, want only input 2, which has no output", failed)
	}
}

func TestErrors(t *testing.T) {
	a, b := key(1, true), key(2, true)
	two := multisig(2, a, b)
	scripts := [][]byte{
		p2pkh(hash160(b.PubKeyBytes())), p2wpkh(b), p2sh(two), two, p2wsh(two), bare(a), p2wpkh(a), {0x51},
	}
	tx, prevouts := spend(scripts...)
	gone := tx.TxIn[5].PreviousOutPoint
	delete(prevouts, gone)
	blind := tx.TxIn[6].PreviousOutPoint
	prevouts[blind] = Prevout{Script: p2wpkh(a), NoValue: true}
	failed := Transaction(tx, prevouts, keySet([][]byte{two}, a), Options{Describe: func(error) string { return "described" }})
	want := map[int]string{
		0: textStack, 1: "described", 2: textSignatures, 3: textSignatures, 4: textSignatures, 5: textMissing, 6: textNoValue,
	}
	for _, f := range failed {
		if want[f.Index] != f.Text {
			t.Errorf("input %d: %q (%v), want %q", f.Index, f.Text, f.Err, want[f.Index])
		}
		if f.Vout != uint32(f.Index) || f.Sequence != wire.MaxTxInSequenceNum {
			t.Errorf("%+v", f)
		}
		delete(want, f.Index)
	}
	if len(want) > 0 {
		t.Errorf("no error for %v", want)
	}
}

func TestLegacyNeedsNoValue(t *testing.T) {
	a := key(1, true)
	tx, prevouts := spend(p2pkh(hash160(a.PubKeyBytes())))
	for o, p := range prevouts {
		p.NoValue = true
		prevouts[o] = p
	}
	if failed := Transaction(tx, prevouts, keySet(nil, a), Options{}); len(failed) > 0 {
		t.Fatal(failed)
	}
}

func TestTaprootNeedsAllPrevouts(t *testing.T) {
	a := key(1, true)
	tx, prevouts := spend(p2tr(a.PubKey()), bare(a))
	delete(prevouts, tx.TxIn[1].PreviousOutPoint)
	failed := Transaction(tx, prevouts, keySet(nil, a), Options{})
	if len(failed) != 2 || failed[0].Err != errIncomplete {
		t.Fatalf("%v", failed)
	}
}

// Several people sign one after the other, in any order; a third signature is
// not added to a complete input.
func TestMultisigInParts(t *testing.T) {
	a, b, c := key(1, true), key(2, true), key(3, true)
	two := multisig(2, a, b, c)
	extra := [][]byte{two, p2wsh(two)}
	scripts := [][]byte{two, p2sh(two), p2wsh(two), p2sh(p2wsh(two))}
	for _, order := range [][]address.Key{{a, b}, {b, a}, {c, a}, {c, b}, {a, c}} {
		tx, prevouts := spend(scripts...)
		if failed := Transaction(tx, prevouts, keySet(extra, order[0]), Options{}); len(failed) != len(scripts) {
			t.Fatalf("one of two signatures: %v", failed)
		}
		if failed := Transaction(tx, prevouts, keySet(extra), Options{}); len(failed) != len(scripts) {
			t.Fatalf("no key: %v", failed)
		}
		if failed := Transaction(tx, prevouts, keySet(extra, order[1]), Options{}); len(failed) != 0 {
			t.Fatalf("two of two signatures: %v", failed)
		}
		mustVerify(t, tx, prevouts)
		before := tx.WitnessHash()
		if failed := Transaction(tx, prevouts, allKeys(extra), Options{}); len(failed) != 0 || tx.WitnessHash() != before {
			t.Fatalf("a complete transaction was changed: %v", failed)
		}
	}
}

func TestWrongSignatureIsReplaced(t *testing.T) {
	a := key(1, true)
	tx, prevouts := spend(p2pkh(hash160(a.PubKeyBytes())))
	Transaction(tx, prevouts, keySet(nil, a), Options{})
	tx.TxOut[0].Value-- // the signature no longer fits
	if failed := Transaction(tx, prevouts, keySet(nil, a), Options{}); len(failed) > 0 {
		t.Fatal(failed)
	}
	mustVerify(t, tx, prevouts)
}

func TestParseHashType(t *testing.T) {
	for _, text := range []string{"", "all", "ALL|", "DEFAULT|ANYONECANPAY", "ALL|NONE"} {
		if _, err := ParseHashType(text); err == nil || err.Error() != fmt.Sprintf("'%s' is not a valid sighash parameter.", text) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func BenchmarkP2PKH(b *testing.B) {
	a := key(1, true)
	keys := keySet(nil, a)
	script := p2pkh(hash160(a.PubKeyBytes()))
	for b.Loop() {
		tx, prevouts := spend(script)
		if failed := Transaction(tx, prevouts, keys, Options{Trust: true}); len(failed) > 0 {
			b.Fatal(failed)
		}
	}
}
