package rpc

import (
	"orrery/core/chain"
	"orrery/core/node"
)

// headerResult is a block's header with its place in the chain (Core:
// blockheaderToJSON).
type headerResult struct {
	Hash          string `json:"hash"`
	Confirmations int32  `json:"confirmations"`
	Height        int32  `json:"height"`
	Version       int32  `json:"version"`
	VersionHex    string `json:"versionHex"`
	MerkleRoot    string `json:"merkleroot"`
	Time          uint32 `json:"time"`
	MedianTime    int64  `json:"mediantime"`
	Nonce         uint32 `json:"nonce"`
	Bits          string `json:"bits"`
	Target        string `json:"target"`
	Difficulty    double `json:"difficulty"`
	ChainWork     string `json:"chainwork"`
	TxN           uint32 `json:"nTx"`
	Prev          string `json:"previousblockhash,omitempty"`
	Next          string `json:"nextblockhash,omitempty"`
}

func newHeaderResult(v *node.View, r *chain.Record) headerResult {
	h := &r.Header
	res := headerResult{
		Hash: r.Hash.String(), Confirmations: confirmations(v, r.Node), Height: r.Height,
		Version: h.Version, VersionHex: hex32(uint32(h.Version)), MerkleRoot: h.MerkleRoot.String(),
		Time: h.Time, MedianTime: r.MedianTime, Nonce: h.Nonce,
		Bits: hex32(h.Bits), Target: target(h.Bits), Difficulty: difficulty(h.Bits),
		ChainWork: hex64(&r.Work), TxN: r.TxN,
	}
	if r.Parent != nil {
		res.Prev = r.Parent.Hash.String()
	}
	if next := v.Next(r.Node); next != nil {
		res.Next = next.Hash.String()
	}
	return res
}

// headerSchema describes a headerResult; more members may follow.
func headerSchema(more ...Schema) []Schema {
	return append([]Schema{
		Hash("hash", "The block's hash"),
		Integer("confirmations", "How many blocks of the best chain there are from this one to the tip; -1 if it is not on it"),
		Integer("height", "How many blocks come before it"),
		Integer("version", "The version field"),
		Hex("versionHex", "The version field in hexadecimal"),
		Hash("merkleroot", "The root of the tree of transaction ids"),
		Timestamp("time", "The block's time"),
		Timestamp("mediantime", "The median time of the 11 blocks that end here"),
		Integer("nonce", "The nonce"),
		Hex("bits", "The target in compact form"),
		Hash("target", "The target: the block's hash is not above it"),
		Float("difficulty", "How much harder the target is than Bitcoin's easiest"),
		Hash("chainwork", "The expected number of hashes of the branch up to this block"),
		Integer("nTx", "The number of transactions"),
		Hash("previousblockhash", "The parent's hash; absent for the genesis block").Opt(),
		Hash("nextblockhash", "The hash of the next block on the best chain, if there is one").Opt(),
	}, more...)
}
