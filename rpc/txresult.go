package rpc

import (
	"encoding/hex"

	"orrery/core/consensus"
	"orrery/rpc/internal/scripttext"
	"orrery/wallet/address"
)

// txResult is a decoded transaction (Core: TxToUniv).
type txResult struct {
	Txid     string         `json:"txid"`
	Hash     string         `json:"hash"`
	Version  uint32         `json:"version"`
	Size     int            `json:"size"`
	VSize    int            `json:"vsize"`
	Weight   int            `json:"weight"`
	LockTime uint32         `json:"locktime"`
	In       []inputResult  `json:"vin"`
	Out      []outputResult `json:"vout"`
	Fee      *Amount        `json:"fee,omitempty"`
	Hex      string         `json:"hex,omitempty"`
}

// inputResult has a coinbase, or where the output is that it spends.
type inputResult struct {
	Coinbase *string      `json:"coinbase,omitempty"`
	Txid     string       `json:"txid,omitempty"`
	Vout     *uint32      `json:"vout,omitempty"`
	Script   *inputScript `json:"scriptSig,omitempty"`
	Witness  []string     `json:"txinwitness,omitempty"`
	Prevout  *spentResult `json:"prevout,omitempty"`
	Sequence uint32       `json:"sequence"`
}

type inputScript struct {
	Asm string `json:"asm"`
	Hex string `json:"hex"`
}

// spentResult is the output that an input spends.
type spentResult struct {
	Generated bool         `json:"generated"`
	Height    int32        `json:"height"`
	Value     Amount       `json:"value"`
	Script    scriptResult `json:"scriptPubKey"`
}

type outputResult struct {
	Value    Amount       `json:"value"`
	N        int          `json:"n"`
	Script   scriptResult `json:"scriptPubKey"`
	IsChange bool         `json:"ischange,omitempty"` // where a wallet tells
}

// scriptResult is an output script (Core: ScriptToUniv).
type scriptResult struct {
	Asm     string `json:"asm"`
	Desc    string `json:"desc"`
	Hex     string `json:"hex"`
	Address string `json:"address,omitempty"`
	Type    string `json:"type"`
}

func newScriptResult(codec address.Codec, script []byte) scriptResult {
	a, _ := codec.FromScript(script)
	return scriptResult{
		Asm: scripttext.Asm(script), Desc: scripttext.AddressDescriptor(script, a), Hex: hex.EncodeToString(script),
		Address: a.String(), Type: address.ScriptType(script),
	}
}

// txDetail says how much of a transaction is shown.
type txDetail struct {
	codec address.Codec
	hex   bool
	// spent are the coins of the inputs, nil where they are not known: they
	// give the fee.
	spent    []consensus.Coin
	prevouts bool // show spent
}

func newTxResult(tx *consensus.Tx, d txDetail) txResult {
	msg := tx.Msg
	res := txResult{
		Txid: tx.ID().String(), Hash: tx.WitnessID().String(), Version: uint32(msg.Version),
		Size: tx.Size(), VSize: tx.VSize(), Weight: tx.Weight(), LockTime: msg.LockTime,
		In: make([]inputResult, len(msg.TxIn)), Out: make([]outputResult, len(msg.TxOut)),
	}
	coinbase := tx.IsCoinbase()
	fee := Amount(0)
	for i, in := range msg.TxIn {
		r := &res.In[i]
		r.Sequence = in.Sequence
		if coinbase {
			text := hex.EncodeToString(in.SignatureScript)
			r.Coinbase = &text
		} else {
			r.Txid, r.Vout = in.PreviousOutPoint.Hash.String(), &in.PreviousOutPoint.Index
			r.Script = &inputScript{scripttext.InputAsm(in.SignatureScript), hex.EncodeToString(in.SignatureScript)}
		}
		for _, item := range in.Witness {
			r.Witness = append(r.Witness, hex.EncodeToString(item))
		}
		if d.spent != nil {
			coin := &d.spent[i]
			fee += Amount(coin.Value)
			if d.prevouts {
				r.Prevout = &spentResult{coin.Coinbase, coin.Height, Amount(coin.Value), newScriptResult(d.codec, coin.Script)}
			}
		}
	}
	for i, out := range msg.TxOut {
		fee -= Amount(out.Value)
		res.Out[i] = outputResult{Value: Amount(out.Value), N: i, Script: newScriptResult(d.codec, out.PkScript)}
	}
	if d.spent != nil {
		res.Fee = &fee
	}
	if d.hex {
		res.Hex = hex.EncodeToString(tx.Bytes())
	}
	return res
}

// scriptSchema describes a scriptResult.
func scriptSchema() []Schema {
	return []Schema{
		Text("asm", "The script in assembly language"),
		Text("desc", "The output descriptor that follows from the script"),
		Hex("hex", "The script's bytes"),
		Text("address", "The address, if it has one").Opt(),
		Text("type", "One of nonstandard, anchor, pubkey, pubkeyhash, scripthash, multisig, nulldata, witness_v0_scripthash, witness_v0_keyhash, witness_v1_taproot, witness_unknown"),
	}
}

// txShape says which optional members a schema of a txResult has.
type txShape struct{ prevout, fee, hex, change bool }

func txSchema(s txShape) []Schema {
	in := []Schema{
		Hex("coinbase", "The input script, of a coinbase only").Opt(),
		Hash("txid", "The transaction whose output is spent").Opt(),
		Integer("vout", "The index of that output").Opt(),
		Record("scriptSig", "The input script",
			Text("asm", "The script in assembly language"), Hex("hex", "The script's bytes")).Opt(),
		List("txinwitness", "The witness", Hex("", "An item of the witness")).Opt(),
	}
	if s.prevout {
		in = append(in, Record("prevout", "The output that is spent, if it is known",
			Boolean("generated", "Whether a coinbase made it"),
			Integer("height", "The height of the block that made it"),
			Coins("value", "Its value"),
			Record("scriptPubKey", "Its script", scriptSchema()...)).Opt())
	}
	out := []Schema{Coins("value", "Its value"), Integer("n", "Its index"), Record("scriptPubKey", "Its script", scriptSchema()...)}
	if s.change {
		out = append(out, Boolean("ischange", "Present and true if it is the wallet's change").Opt())
	}
	list := []Schema{
		Hash("txid", "The transaction id"),
		Hash("hash", "The hash with the witness (wtxid)"),
		Integer("version", "The version"),
		Integer("size", "The serialized size in bytes"),
		Integer("vsize", "The virtual size in bytes"),
		Integer("weight", "The weight (BIP141)"),
		Integer("locktime", "The lock time"),
		List("vin", "The inputs", Record("", "An input", append(in, Integer("sequence", "The sequence number"))...)),
		List("vout", "The outputs", Record("", "An output", out...)),
	}
	if s.fee {
		list = append(list, Coins("fee", "The fee, if the spent outputs are known").Opt())
	}
	if s.hex {
		list = append(list, Hex("hex", "The serialized transaction"))
	}
	return list
}
