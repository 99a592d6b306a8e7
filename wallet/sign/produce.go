package sign

import (
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/wallet/address"
)

// produce makes the scriptSig and witness of an input, as complete as the keys
// allow (Core: ProduceSignature).
func (s *signer) produce(i int, prev Prevout) (sigScript []byte, witness wire.TxWitness, solved bool) {
	in := s.tx.TxIn[i]
	j := &job{signer: s, index: i, value: prev.Value, old: candidates(in)}
	script := prev.Script
	var redeem []byte
	if address.ScriptType(script) == "scripthash" {
		redeem = s.keys.scripts[[20]byte(script[2:22])]
		if redeem == nil {
			return nil, nil, false
		}
		script = redeem
	}
	switch address.ScriptType(script) {
	case "witness_v0_keyhash":
		code := p2pkh(script[2:])
		witness, solved = j.base(code, true)
	case "witness_v0_scripthash":
		code := s.keys.witness[[32]byte(script[2:])]
		if code == nil {
			break
		}
		witness, solved = j.base(code, true)
		witness = append(witness, code)
	case "witness_v1_taproot":
		if redeem == nil {
			witness, solved = j.taproot(script)
		}
	default:
		var stack [][]byte
		stack, solved = j.base(script, false)
		sigScript = pushAll(stack)
	}
	if redeem != nil {
		sigScript = append(sigScript, pushAll([][]byte{redeem})...)
	}
	return sigScript, witness, solved
}

func p2pkh(hash []byte) []byte {
	s := append(make([]byte, 0, 25), txscript.OP_DUP, txscript.OP_HASH160, 20)
	return append(append(s, hash...), txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)
}

// pushAll writes a scriptSig of minimal pushes.
func pushAll(stack [][]byte) []byte {
	b := txscript.NewScriptBuilder()
	for _, item := range stack {
		b.AddData(item)
	}
	script, err := b.Script()
	if err != nil {
		return nil // longer than any script may be: verifying reports the input
	}
	return script
}

// maxCandidates bounds the pushes of an input that are tried as signatures; a
// multisig has at most 20.
const maxCandidates = 40

// candidates lists what may be a signature in an input that was signed before.
func candidates(in *wire.TxIn) (list [][]byte) {
	t := txscript.MakeScriptTokenizer(0, in.SignatureScript)
	for t.Next() {
		list = append(list, t.Data())
	}
	list = append(list, in.Witness...)
	var sigs [][]byte
	for _, item := range list {
		if len(item) >= 9 && len(item) <= 73 && item[0] == 0x30 && len(sigs) < maxCandidates {
			sigs = append(sigs, item)
		}
	}
	return sigs
}

// job signs one input.
type job struct {
	*signer
	index int
	value int64
	old   [][]byte // signatures found in the input, of whomever
}

// base signs a script of the kinds without hashes of scripts; witness selects
// BIP143's message. What it returns is pushed in that order. Some signatures
// may be missing: then solved is false.
func (j *job) base(script []byte, witness bool) (stack [][]byte, solved bool) {
	switch address.ScriptType(script) {
	case "pubkey":
		sig := j.ecdsa(script, address.PubKey(script), witness)
		if sig == nil {
			return nil, false
		}
		return [][]byte{sig}, true
	case "pubkeyhash":
		p, ok := j.keys.keys[[20]byte(script[3:23])]
		if !ok {
			return nil, false
		}
		sig := j.ecdsa(script, p.public, witness)
		return [][]byte{sig, p.public}, sig != nil
	case "multisig":
		return j.multisig(script, witness)
	}
	return nil, false
}

// multisig leaves empty places for missing signatures, as Core does, so that
// the next signer sees how many there must be.
func (j *job) multisig(script []byte, witness bool) ([][]byte, bool) {
	required, keys := address.Multisig(script)
	stack := [][]byte{{}} // OP_CHECKMULTISIG takes one item too many
	for _, key := range keys {
		if len(stack) == required+1 {
			break
		}
		if sig := j.ecdsa(script, key, witness); sig != nil {
			stack = append(stack, sig)
		}
	}
	solved := len(stack) == required+1
	for len(stack) < required+1 {
		stack = append(stack, []byte{})
	}
	return stack, solved
}

// ecdsa returns a signature for a public key: a valid one that is there
// already, else a new one; nil when there is neither.
func (j *job) ecdsa(script, public []byte, witness bool) []byte {
	if sig := j.existing(script, public, witness); sig != nil {
		return sig
	}
	p, ok := j.keys.byPubKey(public)
	if !ok {
		return nil
	}
	hashType := j.hashType
	if hashType == txscript.SigHashDefault {
		hashType = txscript.SigHashAll
	}
	hash, err := j.hash(script, hashType, witness)
	if err != nil {
		return nil
	}
	return append(ecdsa.Sign(p.private, hash).Serialize(), byte(hashType))
}

func (j *job) hash(script []byte, hashType txscript.SigHashType, witness bool) ([]byte, error) {
	if witness {
		return txscript.CalcWitnessSigHash(script, j.hashes, hashType, j.tx, j.index, j.value)
	}
	return txscript.CalcSignatureHash(script, hashType, j.tx, j.index)
}

func (j *job) existing(script, public []byte, witness bool) []byte {
	if len(j.old) == 0 {
		return nil
	}
	key, err := btcec.ParsePubKey(public)
	if err != nil {
		return nil
	}
	for _, item := range j.old {
		sig, err := ecdsa.ParseDERSignature(item[:len(item)-1])
		if err != nil {
			continue
		}
		hash, err := j.hash(script, txscript.SigHashType(item[len(item)-1]), witness)
		if err == nil && sig.Verify(hash, key) {
			return item
		}
	}
	return nil
}

// taproot signs by the key path (BIP341).
func (j *job) taproot(script []byte) (wire.TxWitness, bool) {
	key, ok := j.keys.byOutputKey([32]byte(script[2:]))
	if !ok || !j.complete {
		return nil, false
	}
	hash, err := txscript.CalcTaprootSignatureHash(j.hashes, j.hashType, j.tx, j.index, j.signer)
	if err != nil {
		return nil, false
	}
	sig, err := schnorr.Sign(key, hash)
	if err != nil {
		return nil, false
	}
	item := sig.Serialize()
	if j.hashType != txscript.SigHashDefault {
		item = append(item, byte(j.hashType))
	}
	return wire.TxWitness{item}, true
}
