package rpc

import (
	"context"
	"encoding/hex"

	"orrery/core/node"
)

type chainInfo struct {
	Chain                string   `json:"chain"`
	Blocks               int32    `json:"blocks"`
	Headers              int32    `json:"headers"`
	BestBlockHash        string   `json:"bestblockhash"`
	Bits                 string   `json:"bits"`
	Target               string   `json:"target"`
	Difficulty           double   `json:"difficulty"`
	Time                 uint32   `json:"time"`
	MedianTime           int64    `json:"mediantime"`
	VerificationProgress double   `json:"verificationprogress"`
	InitialBlockDownload bool     `json:"initialblockdownload"`
	ChainWork            string   `json:"chainwork"`
	SizeOnDisk           int64    `json:"size_on_disk"`
	Pruned               bool     `json:"pruned"`
	Warnings             []string `json:"warnings"`
	Name                 string   `json:"name"`
	NetworkID            string   `json:"network_id"`

	Sync *syncInfo `json:"sync,omitempty"`
}

type syncInfo struct {
	Headers int32  `json:"header_height"`
	Blocks  int32  `json:"block_height"`
	Goal    int32  `json:"goal_height"`
	Rate    double `json:"blocks_per_second"`
	ETA     *int64 `json:"eta_seconds"`
}

func chainInfoSchema() Schema {
	return Record("", "",
		Text("chain", "Always \"regtest\", since tools insist on a network that they know"),
		Integer("blocks", "The height of the best chain"),
		Integer("headers", "The height of the best known header"),
		Hash("bestblockhash", "The hash of the tip"),
		Hex("bits", "The tip's target in compact form"),
		Hash("target", "The tip's target"),
		Float("difficulty", "The tip's difficulty"),
		Timestamp("time", "The tip's time"),
		Timestamp("mediantime", "The median time of the last 11 blocks"),
		Float("verificationprogress", "How much of the chain is checked, from 0 to 1; peers may know of more than there are headers yet"),
		Boolean("initialblockdownload", "Whether the node still catches up for the first time since it started: peers have more, or its tip is older than a day"),
		Hash("chainwork", "The expected number of hashes of the best chain"),
		Integer("size_on_disk", "The size of the chain's files in bytes"),
		Boolean("pruned", "Whether old blocks are deleted: never here"),
		List("warnings", "What people should know, as the failure of a script", Text("", "A warning")),
		Text("name", "The name of this chain"),
		Hash("network_id", "What tells this network from others: nodes talk when theirs are equal"),
		Record("sync", "How far the node has come, while peers have more",
			Integer("header_height", "The height of the best known header"),
			Integer("block_height", "The height of the best chain"),
			Integer("goal_height", "The height that the best of the peers claims to have"),
			Float("blocks_per_second", "How many blocks were connected a second lately"),
			Integer("eta_seconds", "In how many seconds it will be done, null if that cannot be told").OrNull()).Opt())
}

func (n *nodeMethods) getblockchaininfo(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	tip := v.Tip
	headers := max(v.Header.Height, tip.Height)
	sync := newSyncInfo(v)
	goal := headers
	if sync != nil {
		goal = max(goal, sync.Goal)
	}
	return &chainInfo{
		Chain: chainName, Blocks: tip.Height, Headers: headers, BestBlockHash: tip.Hash.String(),
		Bits: hex32(tip.Header.Bits), Target: target(tip.Header.Bits), Difficulty: difficulty(tip.Header.Bits),
		Time: tip.Header.Time, MedianTime: tip.MedianTime,
		VerificationProgress: double(float64(tip.Height+1) / float64(goal+1)),
		InitialBlockDownload: n.initialSync(v), Sync: sync, ChainWork: hex64(&tip.Work), SizeOnDisk: n.diskSize(v),
		Warnings: n.warnings(v), Name: v.Params.Name, NetworkID: hex.EncodeToString(v.Params.NetworkID[:]),
	}, nil
}

// diskSize is that of the files, or of the blocks where nobody tells it.
func (n *nodeMethods) diskSize(v *node.View) int64 {
	if n.DiskSize != nil {
		return n.DiskSize()
	}
	return n.totals.at(v, v.Tip.Height).Size
}

// maxTipAge is how old a tip may be, in seconds, before the node takes itself
// to be catching up (Core: DEFAULT_MAX_TIP_AGE).
const maxTipAge = 24 * 3600

// newSyncInfo tells how far the node has come, nil when no peer has more.
func newSyncInfo(v *node.View) *syncInfo {
	if v.Net == nil || v.Net.Sync.Goal <= v.Tip.Height {
		return nil
	}
	s := &v.Net.Sync
	info := &syncInfo{Headers: max(v.Header.Height, v.Tip.Height), Blocks: v.Tip.Height, Goal: s.Goal, Rate: double(s.Rate)}
	if s.ETA >= 0 {
		info.ETA = &s.ETA
	}
	return info
}

// initialSync reports whether so far the tip has always been too old, or a peer
// had more (Core: IsInitialBlockDownload).
func (n *nodeMethods) initialSync(v *node.View) bool {
	if n.synced.Load() {
		return false
	}
	if fetching(v) {
		return true
	}
	if int64(v.Tip.Header.Time) < n.Node.Now().Unix()-maxTipAge {
		return true
	}
	n.synced.Store(true)
	return false
}

// fetching reports whether the chain of the network is on its way to a node that
// has never had it.
func fetching(v *node.View) bool {
	return v.Net != nil && v.Net.Sync.Initial && (v.Net.Sync.Peers > 0 || v.Net.Sync.Goal > v.Tip.Height)
}
