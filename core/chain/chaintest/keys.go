package chaintest

import (
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Key is a private key that is no secret.
type Key struct{ priv *btcec.PrivateKey }

// NewKey returns the nth key, from 1.
func NewKey(n byte) Key {
	secret := [32]byte{31: n}
	priv, _ := btcec.PrivKeyFromBytes(secret[:])
	return Key{priv}
}

// Pub is the compressed public key.
func (k Key) Pub() []byte { return k.priv.PubKey().SerializeCompressed() }

// P2PKH pays to the key's hash.
func (k Key) P2PKH() []byte {
	return Script(txscript.OP_DUP, txscript.OP_HASH160, Hash160(k.Pub()), txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)
}

// P2WPKH pays to the key's hash by witness (BIP141).
func (k Key) P2WPKH() []byte { return Script(txscript.OP_0, Hash160(k.Pub())) }

// SignP2PKH fills the script of an input that spends a P2PKH output.
func (k Key) SignP2PKH(tx *wire.MsgTx, in int, from Out) {
	s, err := txscript.SignatureScript(tx, in, from.PkScript, txscript.SigHashAll, k.priv, true)
	if err != nil {
		panic(err)
	}
	tx.TxIn[in].SignatureScript = s
}

// SignP2WPKH fills the witness of an input that spends a P2WPKH output, the
// only input of tx.
func (k Key) SignP2WPKH(tx *wire.MsgTx, from Out) {
	prev := txscript.NewCannedPrevOutputFetcher(from.PkScript, from.Value)
	w, err := txscript.WitnessSignature(tx, txscript.NewTxSigHashes(tx, prev), 0, from.Value, from.PkScript, txscript.SigHashAll, k.priv, true)
	if err != nil {
		panic(err)
	}
	tx.TxIn[0].Witness = w
}
