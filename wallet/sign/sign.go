//lint:file-ignore ST1005 these texts are Core's, as clients read them

package sign

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Prevout is what an input spends.
type Prevout struct {
	Value  int64 // satoshi
	Script []byte
	// NoValue says that nobody told the value. Legacy inputs can be signed all
	// the same.
	NoValue bool
}

// Options of Transaction.
type Options struct {
	// HashType is SigHashDefault, which signs everything and for taproot takes
	// the short form, or one of the others.
	HashType txscript.SigHashType
	// Describe turns txscript's error into the text of InputError. Nil keeps
	// txscript's words.
	Describe func(error) string
	// Trust leaves out running the scripts of the signed inputs, for a caller
	// whose transaction is verified anyway.
	Trust bool
}

// InputError says why an input is not completely signed, in the shape of
// signrawtransaction's errors.
type InputError struct {
	Index     int
	Txid      chainhash.Hash
	Vout      uint32
	Witness   wire.TxWitness
	ScriptSig []byte
	Sequence  uint32
	Text      string
	Err       error // txscript's, if a script failed
}

func (e *InputError) Error() string {
	return fmt.Sprintf("input %d (%v:%d): %s", e.Index, e.Txid, e.Vout, e.Text)
}

// Core's texts.
const (
	textMissing    = "Input not found or already spent"
	textNoValue    = "Missing amount"
	textStack      = "Unable to sign input, invalid stack size (possibly missing key)"
	textSignatures = "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)"
)

// Transaction signs every input of tx that it can and keeps signatures that
// are there already. The result lists the inputs that are not complete, in
// order; none means that the whole transaction is (Core: SignTransaction).
func Transaction(tx *wire.MsgTx, prevouts map[wire.OutPoint]Prevout, keys *KeySet, opt Options) []*InputError {
	s := newSigner(tx, prevouts, keys, opt.HashType)
	var failed []*InputError
	for i := range tx.TxIn {
		text, err := s.input(i, opt)
		if text == "" {
			continue
		}
		in := tx.TxIn[i]
		failed = append(failed, &InputError{
			Index: i, Txid: in.PreviousOutPoint.Hash, Vout: in.PreviousOutPoint.Index,
			Witness: in.Witness, ScriptSig: in.SignatureScript, Sequence: in.Sequence, Text: text, Err: err,
		})
	}
	return failed
}

// signer holds what all inputs share.
type signer struct {
	tx       *wire.MsgTx
	prevouts map[wire.OutPoint]Prevout
	keys     *KeySet
	hashType txscript.SigHashType
	hashes   *txscript.TxSigHashes
	complete bool // all prevouts and their values are known, as taproot needs
}

// FetchPrevOutput implements txscript.PrevOutputFetcher.
func (s *signer) FetchPrevOutput(o wire.OutPoint) *wire.TxOut {
	p := s.prevouts[o]
	return &wire.TxOut{Value: p.Value, PkScript: p.Script}
}

func newSigner(tx *wire.MsgTx, prevouts map[wire.OutPoint]Prevout, keys *KeySet, hashType txscript.SigHashType) *signer {
	s := &signer{tx: tx, prevouts: prevouts, keys: keys, hashType: hashType, complete: true}
	for _, in := range tx.TxIn {
		p, ok := prevouts[in.PreviousOutPoint]
		s.complete = s.complete && ok && !p.NoValue
	}
	s.hashes = txscript.NewTxSigHashes(tx, s)
	return s
}

// input signs one input. The text is empty when it is complete.
func (s *signer) input(i int, opt Options) (string, error) {
	in := s.tx.TxIn[i]
	prev, ok := s.prevouts[in.PreviousOutPoint]
	if !ok {
		return textMissing, nil
	}
	signed := len(in.SignatureScript)+len(in.Witness) > 0
	if signed && s.verify(i, prev) == nil {
		return "", nil
	}
	// SIGHASH_SINGLE without an output of its own would sign a constant.
	if s.hashType&0x1f != txscript.SigHashSingle || i < len(s.tx.TxOut) {
		sigScript, witness, solved := s.produce(i, prev)
		in.SignatureScript, in.Witness = sigScript, witness
		if solved && opt.Trust {
			return "", nil
		}
	}
	if prev.NoValue && len(in.Witness) > 0 {
		return textNoValue, nil
	}
	err := s.verify(i, prev)
	switch {
	case err == nil:
		return "", nil
	case txscript.IsErrorCode(err, txscript.ErrInvalidStackOperation):
		return textStack, err
	case txscript.IsErrorCode(err, txscript.ErrNullFail):
		return textSignatures, err
	case opt.Describe != nil:
		return opt.Describe(err), err
	}
	return err.Error(), err
}

func (s *signer) verify(i int, prev Prevout) error {
	value := prev.Value
	if prev.NoValue {
		value = consensus.MaxMoney
	}
	if !s.complete && len(prev.Script) == 34 && prev.Script[0] == txscript.OP_1 {
		return errIncomplete
	}
	vm, err := txscript.NewEngine(prev.Script, s.tx, i, txscript.StandardVerifyFlags, nil, s.hashes, value, s)
	if err != nil {
		return err
	}
	return vm.Execute()
}

var errIncomplete = errors.New("a taproot input needs all outputs that the transaction spends, with their amounts")

// ParseHashType reads Core's sighash parameter, as "ALL" or
// "SINGLE|ANYONECANPAY".
func ParseHashType(text string) (txscript.SigHashType, error) {
	const anyone = txscript.SigHashAnyOneCanPay
	t, ok := map[string]txscript.SigHashType{
		"DEFAULT": txscript.SigHashDefault,
		"ALL":     txscript.SigHashAll, "ALL|ANYONECANPAY": txscript.SigHashAll | anyone,
		"NONE": txscript.SigHashNone, "NONE|ANYONECANPAY": txscript.SigHashNone | anyone,
		"SINGLE": txscript.SigHashSingle, "SINGLE|ANYONECANPAY": txscript.SigHashSingle | anyone,
	}[text]
	if !ok {
		return 0, fmt.Errorf("'%s' is not a valid sighash parameter.", text)
	}
	return t, nil
}
