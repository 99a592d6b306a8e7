package consensus

import (
	"bytes"

	"github.com/btcsuite/btcd/txscript/v2"
)

// CheckBlock applies the rules that need nothing but the block (Core:
// CheckBlock). The proof of work comes first: without it nothing else is
// looked at. checkWork is nil for the real check.
func CheckBlock(b *Block, p *Params, checkWork WorkCheck) error {
	if checkWork == nil {
		checkWork = CheckProofOfWork
	}
	if err := checkWork(b.hash, b.Header.Bits, &p.PowLimit); err != nil {
		return err
	}
	root, mutated := b.TxidRoot()
	if root != b.Header.MerkleRoot {
		return ruleError(BadMerkleRoot, "the header's Merkle root is not that of the transactions")
	}
	if mutated {
		return ruleError(DuplicateTxs, "transactions are repeated so that the Merkle root stays the same")
	}
	if err := checkLayout(b, p); err != nil {
		return err
	}
	var sigops int64
	for i, t := range b.Txs {
		if err := CheckTransaction(t, p.MaxWeight); err != nil {
			return atTx(err, i)
		}
		sigops += int64(LegacySigOps(t))
	}
	if sigops*WitnessScale > p.MaxSigopCost() {
		return ruleError(BadBlockSigops, "%d signature operations", sigops)
	}
	return nil
}

func checkLayout(b *Block, p *Params) error {
	if len(b.Txs) == 0 || int64(len(b.Txs))*WitnessScale > p.MaxWeight || int64(b.stripped)*WitnessScale > p.MaxWeight {
		return ruleError(BadBlockLength, "%d transactions, %d bytes without witnesses", len(b.Txs), b.stripped)
	}
	if !b.Txs[0].IsCoinbase() {
		return ruleError(CoinbaseMissing, "the first transaction is not a coinbase")
	}
	for i, t := range b.Txs[1:] {
		if t.IsCoinbase() {
			return atTx(ruleError(CoinbaseMultiple, "transaction %d is a second coinbase", i+1), i+1)
		}
	}
	return nil
}

// atTx notes which transaction of the block is at fault.
func atTx(err error, i int) error {
	if e, ok := err.(*RuleError); ok {
		e.TxIndex = i
	}
	return err
}

// CheckBlockInContext applies the rules that need the block's height and its
// parent's median time (Core: ContextualCheckBlock).
func CheckBlockInContext(b *Block, height int32, parentMedianTime int64, p *Params) error {
	for i, t := range b.Txs {
		if !IsFinalTx(t, height, parentMedianTime) {
			return atTx(ruleError(NonFinalTx, "transaction %d is not final at height %d", i, height), i)
		}
	}
	if !bytes.HasPrefix(b.Txs[0].Msg.TxIn[0].SignatureScript, HeightScript(height)) {
		return ruleError(BadCoinbaseHeight, "the coinbase does not begin with a push of height %d", height)
	}
	if err := checkWitness(b); err != nil {
		return err
	}
	if int64(b.Weight()) > p.MaxWeight {
		return ruleError(BadBlockWeight, "weight %d, at most %d", b.Weight(), p.MaxWeight)
	}
	return nil
}

// HeightScript is what the coinbase script of a block must begin with: a
// minimal push of the height (BIP34).
func HeightScript(height int32) []byte {
	s, err := txscript.NewScriptBuilder().AddInt64(int64(height)).Script()
	if err != nil {
		panic(err) // a push of at most five bytes always fits
	}
	return s
}
