package protocol

import (
	"encoding/base64"
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"
)

var zeroHash chainhash.Hash

// IsNotice reports whether a method is a notice's, which has no answer.
func IsNotice(method string) bool {
	return method == methodAnnounce || method == methodCompact
}

// ErrMethod says that this version does not know a method.
var ErrMethod = &DecodeError{FaultProtocol, "no such method"}

// DecodeRequest reads the parameters of a request. Its error is ErrMethod or
// another *DecodeError. Nothing in the result refers to params.
func DecodeRequest(method string, params []byte) (Request, error) {
	newRequest := requests[method]
	if newRequest == nil {
		return nil, ErrMethod
	}
	m, read := newRequest()
	return m, decode(params, read)
}

// DecodeNotice is DecodeRequest for a notice.
func DecodeNotice(method string, params []byte) (Notice, error) {
	switch method {
	case methodAnnounce:
		m := new(Announce)
		return m, decode(params, m.read)
	case methodCompact:
		m := new(Compact)
		return m, decode(params, m.read)
	}
	return nil, ErrMethod
}

// decode reads one object, or nothing at all for one without members.
func decode(text []byte, read func(*reader)) error {
	if len(text) == 0 || string(text) == "null" {
		text = []byte("{}")
	}
	r := reader{b: text}
	read(&r)
	return r.end()
}

var requests = map[string]func() (Request, func(*reader)){
	methodHello:       func() (Request, func(*reader)) { m := new(Hello); return m, m.read },
	methodAssign:      func() (Request, func(*reader)) { m := new(Assign); return m, m.read },
	methodRegister:    func() (Request, func(*reader)) { m := new(Register); return m, m.read },
	methodGetPeers:    func() (Request, func(*reader)) { return new(GetPeers), readNothing },
	methodGetHeaders:  func() (Request, func(*reader)) { m := new(GetHeaders); return m, m.read },
	methodGetBlocks:   func() (Request, func(*reader)) { m := new(GetBlocks); return m, m.read },
	methodGetTxs:      func() (Request, func(*reader)) { m := new(GetTxs); return m, m.read },
	methodGetBlockTxs: func() (Request, func(*reader)) { m := new(GetBlockTxs); return m, m.read },
	methodGetParams:   func() (Request, func(*reader)) { return new(GetParams), readNothing },
	methodGetPolicy:   func() (Request, func(*reader)) { m := new(GetPolicy); return m, m.read },
	methodPing:        func() (Request, func(*reader)) { m := new(Ping); return m, m.read },
}

func readNothing(r *reader) { r.object("params", func(string) { r.skip() }) }

func (m *Hello) read(r *reader) {
	r.object("hello", func(name string) {
		switch name {
		case "protocol":
			m.Protocol = int(r.integer(0, math.MaxInt32, "protocol"))
		case "network_id":
			m.NetworkID = r.id("network_id")
		case "agent":
			m.Agent = r.text(MaxAgent, "agent")
		case "nonce":
			m.Nonce = r.number64("nonce")
		case "kind":
			m.Kind = r.text(MaxKind, "kind")
		case "id":
			m.ID = r.uint32("id")
		case "listen":
			m.Listen = r.text(MaxAddress, "listen")
		case "height":
			m.Height = int32(r.integer(0, math.MaxInt32, "height"))
		case "work":
			m.Work = r.number256("work")
		case "tip":
			m.Tip = r.hash("tip")
		case "schedule":
			m.Schedule = r.id("schedule")
		case "time":
			m.Time = r.integer(math.MinInt64, math.MaxInt64, "time")
		default:
			r.skip()
		}
	})
}

func (m *Assign) read(r *reader) {
	r.object("assign", func(name string) {
		switch name {
		case "kind":
			m.Kind = r.text(MaxKind, "kind")
		case "wanted_port":
			m.WantedPort = uint16(r.integer(0, math.MaxUint16, "wanted_port"))
		case "lease":
			m.Lease = r.lease()
		default:
			r.skip()
		}
	})
}

func (r *reader) lease() (l Lease) {
	r.object("lease", func(name string) {
		switch name {
		case "id":
			l.ID = r.uint32("id")
		case "port":
			l.Port = uint16(r.integer(0, math.MaxUint16, "port"))
		case "token":
			l.Token = r.text(MaxToken, "token")
		default:
			r.skip()
		}
	})
	return l
}

func (m *Register) read(r *reader) {
	r.object("register", func(name string) {
		if name == "listen" {
			m.Listen = r.text(MaxAddress, "listen")
		} else {
			r.skip()
		}
	})
}

func (m *GetHeaders) read(r *reader) {
	r.object("headers", func(name string) {
		switch name {
		case "locator":
			m.Locator = r.hashes(MaxLocator, "locator")
		case "stop":
			m.Stop = r.hash("stop")
		default:
			r.skip()
		}
	})
}

func (m *GetBlocks) read(r *reader) {
	r.object("blocks", func(name string) {
		if name == "hashes" {
			m.Hashes = r.hashes(MaxBlocks, "hashes")
		} else {
			r.skip()
		}
	})
}

func (m *GetTxs) read(r *reader) {
	r.object("txs", func(name string) {
		if name == "txids" {
			m.Txids = r.hashes(MaxGetTxs, "txids")
		} else {
			r.skip()
		}
	})
}

func (m *GetBlockTxs) read(r *reader) {
	r.object("blocktxs", func(name string) {
		switch name {
		case "hash":
			m.Hash = r.hash("hash")
		case "indexes":
			r.array(MaxBlockTxs, "indexes", func() { m.Indexes = append(m.Indexes, r.uint32("index")) })
		default:
			r.skip()
		}
	})
}

func (m *GetPolicy) read(r *reader) {
	r.object("policy", func(name string) {
		if name == "id" {
			m.ID = r.id("id")
		} else {
			r.skip()
		}
	})
}

func (m *Ping) read(r *reader) { m.Nonce = r.onlyNonce() }

func (r *reader) onlyNonce() (nonce uint64) {
	r.object("ping", func(name string) {
		if name == "nonce" {
			nonce = r.number64("nonce")
		} else {
			r.skip()
		}
	})
	return nonce
}

func (m *Announce) read(r *reader) {
	r.object("announce", func(name string) {
		switch name {
		case "headers":
			m.Headers = r.headers(MaxAnnounced, "headers")
		case "txids":
			m.Txids = r.hashes(MaxTxids, "txids")
		case "peers":
			m.Peers = r.members(MaxAddresses, "peers")
		case "wallets":
			r.array(MaxWallets, "wallets", func() { m.Wallets = append(m.Wallets, r.wallet()) })
		case "records":
			r.array(MaxRecords, "records", func() { m.Records = append(m.Records, r.copied(MaxRecordBytes, "record")) })
		default:
			r.skip()
		}
	})
}

func (r *reader) wallet() (w Wallet) {
	r.object("wallet", func(name string) {
		switch name {
		case "name":
			w.Name = r.text(MaxName, "name")
		case "script":
			w.Script = r.copied(MaxWalletScript, "script")
		case "seq":
			w.Seq = r.uint32("seq")
		case "node_id":
			w.NodeID = r.uint32("node_id")
		case "signature":
			w.Signature = r.copied(MaxSignature, "signature")
		default:
			r.skip()
		}
	})
	return w
}

func (m *Compact) read(r *reader) {
	var packed []byte
	r.object("compact", func(name string) {
		switch name {
		case "header":
			m.Header = r.header("header")
		case "nonce":
			m.Nonce = r.number64("nonce")
		case "id_bytes":
			m.IDBytes = int(r.integer(1, 8, "id_bytes"))
		case "short_ids":
			packed, _ = r.rawString("short_ids") // their length may come later
		case "prefilled":
			r.array(MaxBlockTxs, "prefilled", func() { m.Prefilled = append(m.Prefilled, r.prefilled()) })
		default:
			r.skip()
		}
	})
	m.unpack(r, packed)
}

// unpack is the reverse of packShortIDs.
func (m *Compact) unpack(r *reader, text []byte) {
	if r.err != nil {
		return
	}
	if m.IDBytes == 0 {
		r.fail(FaultProtocol, "compact: id_bytes is missing")
		return
	}
	if len(text) > base64.StdEncoding.EncodedLen(MaxBlockTxs*m.IDBytes) {
		r.fail(FaultSize, "short_ids: more than %d", MaxBlockTxs)
		return
	}
	packed, err := strictBase64.AppendDecode(nil, text)
	if err != nil || len(packed)%m.IDBytes != 0 {
		r.fail(FaultProtocol, "short_ids: not base64 of %d bytes each", m.IDBytes)
		return
	}
	for ; len(packed) > 0; packed = packed[m.IDBytes:] {
		var id uint64
		for i := m.IDBytes - 1; i >= 0; i-- {
			id = id<<8 | uint64(packed[i])
		}
		m.ShortIDs = append(m.ShortIDs, id)
	}
}

func (r *reader) prefilled() (p PrefilledTx) {
	r.object("prefilled", func(name string) {
		switch name {
		case "index":
			p.Index = r.uint32("index")
		case "tx":
			p.Tx = r.tx("tx")
		default:
			r.skip()
		}
	})
	if r.err == nil && p.Tx == nil {
		r.fail(FaultProtocol, "prefilled: tx is missing")
	}
	return p
}
