package protocol

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// Message is a Request or a Notice: what has a method.
type Message interface{ Method() string }

// AppendParams appends the JSON form of m's parameters to b. It does not look
// at limits. A value that is no message of this package is a bug of the caller.
func AppendParams(b []byte, m Message) []byte {
	o := begin(b)
	switch m := m.(type) {
	case *Hello:
		hello(o, m)
	case *Assign:
		o.text("kind", m.Kind)
		if m.WantedPort != 0 {
			o.integer("wanted_port", int64(m.WantedPort))
		}
		if m.Lease != (Lease{}) {
			o.b = appendLease(o.name("lease").b, m.Lease)
		}
	case *Register:
		o.text("listen", m.Listen)
	case *GetPeers, *GetParams:
	case *GetHeaders:
		list(o, "locator", m.Locator, appendHash)
		if m.Stop != zeroHash {
			o.hash("stop", m.Stop)
		}
	case *GetBlocks:
		list(o, "hashes", m.Hashes, appendHash)
	case *GetTxs:
		list(o, "txids", m.Txids, appendHash)
	case *GetBlockTxs:
		o.hash("hash", m.Hash)
		list(o, "indexes", m.Indexes, appendUint32)
	case *GetPolicy:
		o.id("id", m.ID)
	case *Ping:
		o.number64("nonce", m.Nonce)
	case *Announce:
		optional(o, "headers", m.Headers, appendHeader)
		optional(o, "txids", m.Txids, appendHash)
		optional(o, "peers", m.Peers, appendMember)
		optional(o, "wallets", m.Wallets, appendWallet)
		optional(o, "records", m.Records, appendData)
	case *Compact:
		o.b = appendHeader(o.name("header").b, m.Header)
		o.number64("nonce", m.Nonce)
		o.integer("id_bytes", int64(m.IDBytes))
		o.data("short_ids", packShortIDs(m.ShortIDs, m.IDBytes))
		optional(o, "prefilled", m.Prefilled, appendPrefilled)
	default:
		panic("protocol: no message: " + m.Method())
	}
	return o.end()
}

// AppendResult appends the JSON form of an answer to b. It does not look at
// limits.
func AppendResult(b []byte, r Response) []byte {
	o := begin(b)
	switch r := r.(type) {
	case *Hello:
		hello(o, r)
	case *Assigned:
		o.b = appendLease(o.name("lease").b, r.Lease)
		o.integer("base", int64(r.Base))
	case *Registered:
	case *Peers:
		list(o, "peers", r.Peers, appendMember)
	case *Headers:
		o.b = slices.Grow(o.b, len(r.Headers)*headerText)
		list(o, "headers", r.Headers, appendHeader)
	case *Blocks:
		list(o, "blocks", r.Blocks, appendBlock)
	case *Txs:
		list(o, "txs", r.Txs, appendTx)
	case *BlockTxs:
		o.hash("hash", r.Hash)
		list(o, "txs", r.Txs, appendTx)
	case *Params:
		o.data("chain_file", r.ChainFile)
	case *Policy:
		o.data("manifest", r.Manifest)
		list(o, "scripts", r.Scripts, appendScript)
	case *Pong:
		o.number64("nonce", r.Nonce)
	default:
		panic("protocol: no answer")
	}
	return o.end()
}

// headerText is how many bytes a header takes in an array.
const headerText = 111

// AppendError appends the JSON-RPC form of a refusal to b.
func AppendError(b []byte, e *Error) []byte {
	o := begin(b)
	o.integer("code", int64(e.Code))
	message := e.Message
	if len(message) > MaxMessage {
		message = message[:MaxMessage]
	}
	o.text("message", message)
	if len(e.Referral) > 0 {
		d := begin(o.name("data").b)
		list(d, "referral", e.Referral, appendMember)
		o.b = d.end()
	}
	return o.end()
}

func hello(o *object, h *Hello) {
	o.integer("protocol", int64(h.Protocol))
	o.id("network_id", h.NetworkID)
	o.text("agent", h.Agent)
	o.number64("nonce", h.Nonce)
	o.text("kind", h.Kind)
	if h.ID != 0 {
		o.integer("id", int64(h.ID))
	}
	if h.Listen != "" {
		o.text("listen", h.Listen)
	}
	o.integer("height", int64(h.Height))
	o.number256("work", h.Work)
	o.hash("tip", h.Tip)
	o.id("schedule", h.Schedule)
	o.integer("time", h.Time)
}

func appendLease(b []byte, l Lease) []byte {
	o := begin(b)
	o.integer("id", int64(l.ID))
	o.integer("port", int64(l.Port))
	o.text("token", l.Token)
	return o.end()
}

func appendWallet(b []byte, w Wallet) []byte {
	o := begin(b)
	o.text("name", w.Name)
	o.data("script", w.Script)
	o.integer("seq", int64(w.Seq))
	o.integer("node_id", int64(w.NodeID))
	o.data("signature", w.Signature)
	return o.end()
}

func appendScript(b []byte, s Script) []byte {
	o := begin(b)
	o.text("hook", s.Hook)
	o.text("file", s.File)
	o.data("text", s.Text)
	return o.end()
}

func appendPrefilled(b []byte, p PrefilledTx) []byte {
	o := begin(b)
	o.b = strconv.AppendUint(o.name("index").b, uint64(p.Index), 10)
	o.b = appendTx(o.name("tx").b, p.Tx)
	return o.end()
}

// packShortIDs puts the low n bytes of each id one after the other, the lowest
// byte first.
func packShortIDs(ids []uint64, n int) []byte {
	packed := make([]byte, 0, len(ids)*n+8)
	for _, id := range ids {
		packed = binary.LittleEndian.AppendUint64(packed, id)
		packed = packed[:len(packed)-8+n]
	}
	return packed
}
