package consensus

import (
	"bytes"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// witnessPrefix begins the output script that commits to the witnesses:
// OP_RETURN, a push of 36 bytes, and BIP141's four marker bytes.
var witnessPrefix = [6]byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}

// witnessNonceSize is the length in bytes of the coinbase's only witness item.
const witnessNonceSize = 32

// WitnessCommitment returns the output script that commits to txs, given the
// 32 bytes in the coinbase's witness (BIP141).
func WitnessCommitment(txs []*Tx, nonce [witnessNonceSize]byte) []byte {
	h := commitmentHash(WitnessRoot(txs), nonce[:])
	return append(witnessPrefix[:], h[:]...)
}

func commitmentHash(root chainhash.Hash, nonce []byte) chainhash.Hash {
	var b [64]byte
	copy(b[:32], root[:])
	copy(b[32:], nonce)
	return chainhash.DoubleHashH(b[:])
}

// commitmentIn returns the script of the last output of the coinbase that
// commits to witnesses, or nil (Core: GetWitnessCommitmentIndex).
func commitmentIn(coinbase *wire.MsgTx) []byte {
	for i := len(coinbase.TxOut) - 1; i >= 0; i-- {
		s := coinbase.TxOut[i].PkScript
		if len(s) >= len(witnessPrefix)+chainhash.HashSize && bytes.HasPrefix(s, witnessPrefix[:]) {
			return s
		}
	}
	return nil
}

// checkWitness compares the block's witnesses with its commitment (Core:
// CheckWitnessMalleation).
func checkWitness(b *Block) error {
	coinbase := b.Txs[0].Msg
	if script := commitmentIn(coinbase); script != nil {
		w := coinbase.TxIn[0].Witness
		if len(w) != 1 || len(w[0]) != witnessNonceSize {
			return ruleError(BadWitnessNonceSize, "the coinbase needs one witness item of 32 bytes")
		}
		h := commitmentHash(WitnessRoot(b.Txs), w[0])
		if !bytes.Equal(h[:], script[len(witnessPrefix):len(witnessPrefix)+chainhash.HashSize]) {
			return ruleError(BadWitnessMerkle, "the witness commitment does not match")
		}
		return nil
	}
	for i, t := range b.Txs {
		if t.Msg.HasWitness() {
			e := ruleError(UnexpectedWitness, "transaction %d has a witness, the coinbase commits to none", i)
			e.TxIndex = i
			return e
		}
	}
	return nil
}

// CommitsToWitnesses reports whether an output of a coinbase commits to the
// block's witnesses.
func CommitsToWitnesses(coinbase *wire.MsgTx) bool { return commitmentIn(coinbase) != nil }
