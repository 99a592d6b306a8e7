package e2e

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/address"
)

// Codec writes the addresses of both presets.
var Codec = address.Codec{Versions: consensus.AddressVersions{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "bcrt"}}

// Money that anyone can spend, so that a test needs no keys: outputs to the
// hash of a script that is always true.
var (
	anyoneScript = []byte{txscript.OP_TRUE}
	anyone       = Codec.RedeemScript(anyoneScript)

	// AnyoneAddress is an address of both presets from which anyone can spend.
	AnyoneAddress = anyone.String()
)

// FeePerSpend is enough for the mempool, in satoshi.
const FeePerSpend = 1000

// Spend is a transaction as JSON-RPC sees it, and its first output.
type Spend struct {
	Hex, ID string
	Out     wire.OutPoint
	Value   int64 // satoshi
}

// SpendAnyone spends an output of AnyoneAddress with so many satoshi to the
// same address, less the fee.
func SpendAnyone(t testing.TB, from wire.OutPoint, value, fee int64) Spend {
	t.Helper()
	return SplitAnyone(t, from, value, fee, 1)
}

// SplitAnyone is SpendAnyone into equal outputs; Value is that of each.
func SplitAnyone(t testing.TB, from wire.OutPoint, value, fee int64, outs int) Spend {
	t.Helper()
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(&from, append([]byte{byte(len(anyoneScript))}, anyoneScript...), nil))
	each := (value - fee) / int64(outs)
	for range outs {
		tx.AddTxOut(wire.NewTxOut(each, anyone.Script()))
	}
	var b bytes.Buffer
	if err := tx.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	id := tx.TxHash()
	return Spend{Hex: hex.EncodeToString(b.Bytes()), ID: id.String(), Out: wire.OutPoint{Hash: id}, Value: each}
}

// Coinbase is the first output of a block's first transaction.
func (n *Node) Coinbase(block string) wire.OutPoint {
	n.t.Helper()
	var b struct {
		Tx []string `json:"tx"`
	}
	n.Must(&b, "getblock", block)
	id, err := chainhash.NewHashFromStr(b.Tx[0])
	if err != nil {
		n.t.Fatal(err)
	}
	return wire.OutPoint{Hash: *id}
}

// State is what the best chain comes to: equal tips must have equal coins.
type State struct {
	Height int32  `json:"height"`
	Tip    string `json:"bestblock"`
	Coins  string `json:"hash_serialized_3"`
	Outs   int    `json:"txouts"`
}

// State asks the node.
func (n *Node) State() (s State) {
	n.t.Helper()
	n.Must(&s, "gettxoutsetinfo")
	return s
}
