package protocol

import "math"

// DecodeResponse reads the result of a request of the given method. Its error
// is a *DecodeError. Nothing in the response refers to result.
func DecodeResponse(method string, result []byte) (Response, error) {
	switch method {
	case methodHello:
		m := new(Hello)
		return m, decode(result, m.read)
	case methodAssign:
		m := new(Assigned)
		return m, decode(result, m.read)
	case methodRegister:
		return new(Registered), decode(result, readNothing)
	case methodGetPeers:
		m := new(Peers)
		return m, decode(result, m.read)
	case methodGetHeaders:
		m := new(Headers)
		return m, decode(result, m.read)
	case methodGetBlocks:
		m := new(Blocks)
		return m, decode(result, m.read)
	case methodGetTxs:
		m := new(Txs)
		return m, decode(result, m.read)
	case methodGetBlockTxs:
		m := new(BlockTxs)
		return m, decode(result, m.read)
	case methodGetParams:
		m := new(Params)
		return m, decode(result, m.read)
	case methodGetPolicy:
		m := new(Policy)
		return m, decode(result, m.read)
	case methodPing:
		m := new(Pong)
		return m, decode(result, func(r *reader) { m.Nonce = r.onlyNonce() })
	}
	return nil, ErrMethod
}

// DecodeRefusal reads the error member of an answer.
func DecodeRefusal(text []byte) (*Error, error) {
	e := new(Error)
	r := reader{b: text}
	r.object("error", func(name string) {
		switch name {
		case "code":
			e.Code = Code(r.integer(math.MinInt32, math.MaxInt32, "code"))
		case "message":
			e.Message = r.text(MaxMessage, "message")
		case "data":
			if r.next() != '{' {
				r.skip()
				return
			}
			r.object("data", func(name string) {
				if name == "referral" {
					e.Referral = r.members(MaxAddresses, "referral")
				} else {
					r.skip()
				}
			})
		default:
			r.skip()
		}
	})
	return e, r.end()
}

func (m *Assigned) read(r *reader) {
	r.object("assigned", func(name string) {
		switch name {
		case "lease":
			m.Lease = r.lease()
		case "base":
			m.Base = r.uint32("base")
		default:
			r.skip()
		}
	})
}

func (m *Peers) read(r *reader) {
	r.object("peers", func(name string) {
		if name == "peers" {
			m.Peers = r.members(MaxSample, "peers")
		} else {
			r.skip()
		}
	})
}

func (m *Headers) read(r *reader) {
	r.object("headers", func(name string) {
		if name == "headers" {
			m.Headers = r.headers(MaxHeaders, "headers")
		} else {
			r.skip()
		}
	})
}

func (m *Blocks) read(r *reader) {
	size := 0
	r.object("blocks", func(name string) {
		if name != "blocks" {
			r.skip()
			return
		}
		r.array(MaxBlocks, "blocks", func() {
			b := r.block("block")
			if r.err != nil {
				return
			}
			if size += b.Size(); size > MaxBlockBytes {
				r.fail(FaultSize, "blocks: more than %d bytes", MaxBlockBytes)
			}
			m.Blocks = append(m.Blocks, b)
		})
	})
}

func (m *Txs) read(r *reader) {
	r.object("txs", func(name string) {
		if name == "txs" {
			m.Txs = r.txs(MaxGetTxs, "txs")
		} else {
			r.skip()
		}
	})
}

func (m *BlockTxs) read(r *reader) {
	r.object("blocktxs", func(name string) {
		switch name {
		case "hash":
			m.Hash = r.hash("hash")
		case "txs":
			m.Txs = r.txs(MaxBlockTxs, "txs")
		default:
			r.skip()
		}
	})
}

func (m *Params) read(r *reader) {
	r.object("params", func(name string) {
		if name == "chain_file" {
			m.ChainFile = r.copied(MaxPolicyFile, "chain_file")
		} else {
			r.skip()
		}
	})
}

func (m *Policy) read(r *reader) {
	r.object("policy", func(name string) {
		switch name {
		case "manifest":
			m.Manifest = r.copied(MaxPolicyFile, "manifest")
		case "scripts":
			r.array(MaxScripts, "scripts", func() { m.Scripts = append(m.Scripts, r.script()) })
		default:
			r.skip()
		}
	})
}

func (r *reader) script() (s Script) {
	r.object("script", func(name string) {
		switch name {
		case "hook":
			s.Hook = r.text(MaxName, "hook")
		case "file":
			s.File = r.text(MaxFile, "file")
		case "text":
			s.Text = r.copied(MaxPolicyFile, "text")
		default:
			r.skip()
		}
	})
	return s
}
