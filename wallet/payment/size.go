// Package payment chooses coins for a payment and builds the unsigned
// transaction, as pure functions: the same request, coins and random numbers
// give the same transaction.
package payment

import (
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Weights of inputs, signed with the longest signature that is low-S: 72 bytes
// with the hash type. So the size of a draft is never below that of the signed
// transaction, and its fee rate never below what was asked for.
const (
	maxSignature = 72
	pubKeySize   = 33
	outpointSize = 36
	sequenceSize = 4

	weightP2PKH  = consensus.WitnessScale * (outpointSize + sequenceSize + 1 + 1 + maxSignature + 1 + pubKeySize)
	weightP2WPKH = consensus.WitnessScale*(outpointSize+sequenceSize+1) + 1 + 1 + maxSignature + 1 + pubKeySize

	// maxWeight is what relays accept (Core: MAX_STANDARD_TX_WEIGHT).
	maxWeight = 400_000
)

func isWitness(script []byte) bool { return len(script) > 0 && script[0] == txscript.OP_0 }

// inputWeight is the most weight that spending a P2PKH or P2WPKH output adds.
func inputWeight(script []byte) int {
	if isWitness(script) {
		return weightP2WPKH
	}
	return weightP2PKH
}

// size counts the weight of a transaction as it is put together.
type size struct {
	outputs, outputBytes int
	inputs, inputWeight  int
	witnesses            int // inputs with a witness
}

func (s *size) addOutput(out *wire.TxOut) {
	s.outputs++
	s.outputBytes += out.SerializeSize()
}

func (s *size) addInput(script []byte) {
	s.inputs++
	s.inputWeight += inputWeight(script)
	if isWitness(script) {
		s.witnesses++
	}
}

func (s *size) weight() int {
	fixed := 4 + 4 + wire.VarIntSerializeSize(uint64(s.inputs)) + wire.VarIntSerializeSize(uint64(s.outputs))
	w := consensus.WitnessScale*(fixed+s.outputBytes) + s.inputWeight
	if s.witnesses > 0 {
		w += 2 + s.inputs - s.witnesses // marker and flag, an empty witness for the others
	}
	return w
}

func (s *size) vsize() int64 {
	return int64((s.weight() + consensus.WitnessScale - 1) / consensus.WitnessScale)
}

// Fee is what vsize virtual bytes cost at rate sat/kvB, rounded up.
func Fee(vsize, rate int64) int64 { return (vsize*rate + 999) / 1000 }

// DustRate is the rate in sat/kvB at which an output is dust when spending it
// costs more than it holds (Core: DUST_RELAY_TX_FEE).
const DustRate int64 = 3000

// Dust is the least value in satoshi that an output with this script may have
// so that mempools accept it; 0 for outputs that cannot be spent (Core:
// GetDustThreshold).
func Dust(script []byte) int64 {
	if len(script) > 0 && script[0] == txscript.OP_RETURN || len(script) > txscript.MaxScriptSize {
		return 0
	}
	// Core counts the same input for all kinds: 148 bytes, or with a witness
	// 67 as the witness is discounted.
	spend := 148
	if txscript.IsWitnessProgram(script) {
		spend = 32 + 4 + 1 + 107/consensus.WitnessScale + 4
	}
	out := wire.NewTxOut(0, script)
	return Fee(int64(out.SerializeSize()+spend), DustRate)
}
