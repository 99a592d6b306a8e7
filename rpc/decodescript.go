package rpc

import (
	"context"
	"encoding/hex"

	addr "github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/consensus"
	"orrery/rpc/internal/scripttext"
	"orrery/wallet/address"
)

func (n *nodeMethods) decodeScriptMethod() Method {
	return Method{
		Name: "decodescript", Category: "rawtransactions", Permission: PermRead, Handler: n.decodescript,
		Doc:    "Decodes a script.",
		Params: []Param{{Name: "hexstring", Type: HexParam, Required: true, Doc: "The script; \"\" is the empty one"}},
		Result: Record("", "",
			Text("asm", "The script in assembly language"),
			Text("desc", "The output descriptor that follows from the script"),
			Text("address", "The address, if it has one").Opt(),
			Text("type", "The type, as in gettxout"),
			Text("p2sh", "The P2SH address of which it is the redeem script, if it can be one").Opt(),
			Record("segwit", "The witness output that stands for it, if there can be one",
				Text("asm", "The output script in assembly language"),
				Text("desc", "Its descriptor"),
				Hex("hex", "Its bytes"),
				Text("address", "Its address").Opt(),
				Text("type", "Its type"),
				Text("p2sh-segwit", "The P2SH address of which that output script is the redeem script")).Opt()),
		Example: `["76a914000000000000000000000000000000000000000088ac"]`,
	}
}

type decodedScript struct {
	Asm     string         `json:"asm"`
	Desc    string         `json:"desc"`
	Address string         `json:"address,omitempty"`
	Type    string         `json:"type"`
	P2SH    string         `json:"p2sh,omitempty"`
	Segwit  *segwitWrapped `json:"segwit,omitempty"`
}

type segwitWrapped struct {
	scriptResult
	P2SH string `json:"p2sh-segwit"`
}

func (n *nodeMethods) decodescript(_ context.Context, c *Call) (any, error) {
	var script []byte
	if c.Text("hexstring") != "" {
		var err error
		if script, err = c.Raw("hexstring").Hex("argument"); err != nil {
			return nil, err
		}
	}
	v, release := n.Node.Acquire()
	codec := codecOf(v)
	release()
	r := newScriptResult(codec, script)
	res := &decodedScript{Asm: r.Asm, Desc: r.Desc, Address: r.Address, Type: r.Type}
	if !canWrap(script, r.Type) {
		return res, nil
	}
	res.P2SH = codec.RedeemScript(script).String()
	if output, desc := witnessOutput(codec, script, r.Type); output != nil {
		w := &segwitWrapped{newScriptResult(codec, output), codec.RedeemScript(output).String()}
		if desc != "" {
			w.Desc = desc
		}
		res.Segwit = w
	}
	return res, nil
}

// canWrap reports whether a script makes sense as a redeem script.
func canWrap(script []byte, kind string) bool {
	switch kind {
	case "multisig", "nonstandard", "pubkey", "pubkeyhash", "witness_v0_keyhash", "witness_v0_scripthash":
	default:
		return false
	}
	if !validOps(script) || consensus.Unspendable(script) {
		return false
	}
	for rest := script; len(rest) > 0; {
		var op byte
		op, _, rest, _ = consensus.NextOp(rest)
		if isOpSuccess(op) {
			return false
		}
	}
	return true
}

// isOpSuccess reports whether an operation makes a tapscript succeed at once
// (BIP342).
func isOpSuccess(op byte) bool {
	return op == 80 || op == 98 || op >= 126 && op <= 129 || op >= 131 && op <= 134 || op >= 137 && op <= 138 ||
		op >= 141 && op <= 142 || op >= 149 && op <= 153 || op >= 187 && op <= 254
}

// witnessOutput is the output script that asks for what a script asks for, by
// witness; nil where there is none. desc is set where more is known of it than
// its address.
func witnessOutput(codec address.Codec, script []byte, kind string) (output []byte, desc string) {
	switch kind {
	case "pubkey":
		key := address.PubKey(script)
		if !scripttext.IsCompressed(key) {
			return nil, ""
		}
		return codec.WitnessPubKeyHash([20]byte(addr.Hash160(key))).Script(), ""
	case "pubkeyhash":
		return codec.WitnessPubKeyHash([20]byte(script[3:23])).Script(), ""
	case "multisig":
		_, keys := address.Multisig(script)
		for _, key := range keys {
			if !scripttext.IsCompressed(key) {
				return nil, ""
			}
		}
	case "nonstandard":
	default:
		return nil, "" // witness programs are not wrapped again
	}
	return codec.WitnessScript(script).Script(), scripttext.WitnessDescriptor(codec, script)
}

// opReturn writes an output script that carries data.
func opReturn(data []byte) []byte {
	switch n := len(data); {
	case n < txscript.OP_PUSHDATA1:
		return append([]byte{txscript.OP_RETURN, byte(n)}, data...)
	case n <= 0xff:
		return append([]byte{txscript.OP_RETURN, txscript.OP_PUSHDATA1, byte(n)}, data...)
	case n <= 0xffff:
		return append([]byte{txscript.OP_RETURN, txscript.OP_PUSHDATA2, byte(n), byte(n >> 8)}, data...)
	default:
		return append([]byte{txscript.OP_RETURN, txscript.OP_PUSHDATA4, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}, data...)
	}
}

// hexOf is hex.EncodeToString for each item.
func hexOf(items [][]byte) []string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = hex.EncodeToString(item)
	}
	return list
}
