package node

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// Serve answers a peer's read-only request from this view. It is safe for
// concurrent use. What the view's driver must answer itself, GetParams and
// GetPolicy, is CodeInvalid here.
func (v *View) Serve(r protocol.Request) (protocol.Response, *protocol.Error) {
	switch r := r.(type) {
	case *protocol.GetHeaders:
		return v.serveHeaders(r)
	case *protocol.GetBlocks:
		return v.serveBlocks(r)
	case *protocol.GetTxs:
		return v.serveTxs(r)
	case *protocol.GetBlockTxs:
		return v.serveBlockTxs(r)
	}
	return nil, refuse(protocol.CodeInvalid, "%s is not answered here", r.Method())
}

func refuse(code protocol.Code, format string, args ...any) *protocol.Error {
	return &protocol.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func tooMany(what string, n, most int) *protocol.Error {
	return refuse(protocol.CodeInvalid, "%d %s, at most %d are answered", n, what, most)
}

func (v *View) serveHeaders(r *protocol.GetHeaders) (protocol.Response, *protocol.Error) {
	if len(r.Locator) > protocol.MaxLocator {
		return nil, tooMany("hashes in a locator", len(r.Locator), protocol.MaxLocator)
	}
	next := int32(0) // nothing in common: from genesis on
	for i := range r.Locator {
		if rec, ok := v.Lookup(&r.Locator[i]); ok && v.Contains(rec.Node) {
			next = rec.Height + 1
			break
		}
	}
	n := min(max(0, v.Tip.Height-next+1), protocol.MaxHeaders)
	headers := make([]consensus.Header, 0, n)
	for ; int32(len(headers)) < n; next++ {
		b := v.At(next)
		headers = append(headers, b.Header)
		if b.Hash == r.Stop {
			break
		}
	}
	return &protocol.Headers{Headers: headers}, nil
}

// body returns a stored body, or nil.
func (v *View) body(hash *chainhash.Hash) (*consensus.Block, *protocol.Error) {
	rec, ok := v.Lookup(hash)
	if !ok || rec.Status&chain.HaveBody == 0 || rec.Failed {
		return nil, nil
	}
	b, err := v.Block(rec.Node)
	if errors.Is(err, chain.ErrNotFound) {
		return nil, nil // stored after this view's snapshot was taken
	}
	if err != nil {
		return nil, refuse(protocol.CodeBusy, "block %v cannot be read now", *hash)
	}
	return b, nil
}

func (v *View) serveBlocks(r *protocol.GetBlocks) (protocol.Response, *protocol.Error) {
	if len(r.Hashes) > protocol.MaxBlocks {
		return nil, tooMany("blocks", len(r.Hashes), protocol.MaxBlocks)
	}
	answer, size := &protocol.Blocks{}, 0
	for i := range r.Hashes {
		b, err := v.body(&r.Hashes[i])
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue
		}
		if size += b.Size(); size > protocol.MaxBlockBytes && len(answer.Blocks) > 0 {
			break
		}
		answer.Blocks = append(answer.Blocks, b)
	}
	return answer, nil
}

func (v *View) serveTxs(r *protocol.GetTxs) (protocol.Response, *protocol.Error) {
	if len(r.Txids) > protocol.MaxGetTxs {
		return nil, tooMany("transactions", len(r.Txids), protocol.MaxGetTxs)
	}
	answer, size := &protocol.Txs{}, 0
	for _, id := range r.Txids {
		e := v.Mempool.Get(id)
		if e == nil {
			continue
		}
		if size += e.Tx.Size(); size > protocol.MaxBlockBytes && len(answer.Txs) > 0 {
			break
		}
		answer.Txs = append(answer.Txs, e.Tx)
	}
	return answer, nil
}

func (v *View) serveBlockTxs(r *protocol.GetBlockTxs) (protocol.Response, *protocol.Error) {
	b, err := v.body(&r.Hash)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, refuse(protocol.CodeNotFound, "block %v is not known here", r.Hash)
	}
	if len(r.Indexes) > len(b.Txs) {
		return nil, tooMany("transactions", len(r.Indexes), len(b.Txs))
	}
	answer := &protocol.BlockTxs{Hash: r.Hash}
	for at, i := range r.Indexes {
		if uint64(i) >= uint64(len(b.Txs)) {
			return nil, refuse(protocol.CodeInvalid, "block %v has %d transactions, not one with index %d", r.Hash, len(b.Txs), i)
		}
		// A large one named again and again would make an answer of gigabytes.
		if at > 0 && i <= r.Indexes[at-1] {
			return nil, refuse(protocol.CodeInvalid, "index %d comes after %d: name each transaction once, in order", i, r.Indexes[at-1])
		}
		answer.Txs = append(answer.Txs, b.Txs[i])
	}
	return answer, nil
}
