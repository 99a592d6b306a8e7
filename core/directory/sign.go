package directory

import (
	"bytes"
	"errors"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// ErrUnsupported says that an address can hold no name: only one key can sign
// for it, and the script must show which.
var ErrUnsupported = errors.New("only addresses of one key can hold a name: P2PKH, P2WPKH or P2TR")

// errWrongKey says that a key is not that of a script.
var errWrongKey = errors.New("the key is not that of the address")

// kind is the form of a script that can hold a name.
type kind byte

const (
	noKind kind = iota
	p2pkh
	p2wpkh
	p2tr
)

const (
	sigECDSA   = 65 // bytes: 31 + recovery id, R, S
	sigSchnorr = 64 // bytes (BIP340)

	firstHeader = 31 // of a compact signature by a compressed key
	lastHeader  = 34
)

func kindOf(script []byte) kind {
	switch {
	case len(script) == 25 && script[0] == txscript.OP_DUP && script[1] == txscript.OP_HASH160 && script[2] == 20 &&
		script[23] == txscript.OP_EQUALVERIFY && script[24] == txscript.OP_CHECKSIG:
		return p2pkh
	case len(script) == 22 && script[0] == txscript.OP_0 && script[1] == 20:
		return p2wpkh
	case len(script) == 34 && script[0] == txscript.OP_1 && script[1] == 32:
		return p2tr
	}
	return noKind
}

// CanHold reports whether the address of an output script can hold a name.
func CanHold(script []byte) bool { return kindOf(script) != noKind }

// wellFormed is what can be seen of a signature for nothing.
func wellFormed(script, signature []byte) bool {
	switch kindOf(script) {
	case p2pkh, p2wpkh:
		return len(signature) == sigECDSA && signature[0] >= firstHeader && signature[0] <= lastHeader && lowS(signature[33:])
	case p2tr:
		return len(signature) == sigSchnorr
	}
	return false
}

func lowS(s []byte) bool {
	var n btcec.ModNScalar
	return !n.SetByteSlice(s) && !n.IsOverHalfOrder()
}

// verify reports whether the key of a script has signed. It takes some 0.2 ms.
func verify(script, signature []byte, digest chainhash.Hash) bool {
	if !wellFormed(script, signature) {
		return false
	}
	if kindOf(script) == p2tr {
		key, err := schnorr.ParsePubKey(script[2:])
		if err != nil {
			return false
		}
		sig, err := schnorr.ParseSignature(signature)
		return err == nil && sig.Verify(digest[:], key)
	}
	key, _, err := ecdsa.RecoverCompact(signature, digest[:])
	return err == nil && paysTo(script, key)
}

// paysTo reports whether a script pays to the hash of a key, compressed.
func paysTo(script []byte, key *btcec.PublicKey) bool {
	// The core imports no RIPEMD-160: the script that a witness with this key
	// spends has the hash in it.
	spent, err := txscript.ComputePkScript(nil, wire.TxWitness{nil, key.SerializeCompressed()})
	if err != nil {
		return false
	}
	hash := spent.Script()[2:22]
	if kindOf(script) == p2pkh {
		return bytes.Equal(hash, script[3:23])
	}
	return bytes.Equal(hash, script[2:22])
}

// Sign signs a digest for the address of a script. For P2TR, key is that of the
// output key, already tweaked. The signature depends on key and digest alone
// (RFC 6979). Errors: ErrUnsupported, or that the key is another's.
func Sign(key *btcec.PrivateKey, script []byte, digest chainhash.Hash) ([]byte, error) {
	switch kindOf(script) {
	case noKind:
		return nil, ErrUnsupported
	case p2tr:
		if !bytes.Equal(schnorr.SerializePubKey(key.PubKey()), script[2:]) {
			return nil, errWrongKey
		}
		sig, err := schnorr.Sign(key, digest[:])
		if err != nil {
			return nil, err
		}
		return sig.Serialize(), nil
	}
	if !paysTo(script, key.PubKey()) {
		return nil, errWrongKey
	}
	return ecdsa.SignCompact(key, digest[:], true), nil
}
