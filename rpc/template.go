package rpc

import (
	"context"
	"strconv"
	"time"

	"orrery/core/chain"
	"orrery/core/node"
)

// templateRequest is what getblocktemplate is asked for (BIP22, 23, 9, 145).
type templateRequest struct {
	mode         string
	capabilities map[string]bool
	rules        map[string]bool
	longPoll     Value
	data         Value
}

func readTemplateRequest(members []Member) (*templateRequest, error) {
	o := Object(members)
	r := &templateRequest{mode: "template", capabilities: map[string]bool{}, rules: map[string]bool{}}
	switch mode := o.Get("mode"); mode.Kind() {
	case KindString:
		r.mode, _ = mode.Text()
	case KindNull:
	default:
		return nil, Errorf(CodeParameter, "Invalid mode")
	}
	r.longPoll, r.data = o.Get("longpollid"), o.Get("data")
	if err := readSet(o.Get("rules"), r.rules); err != nil {
		return nil, err
	}
	return r, readSet(o.Get("capabilities"), r.capabilities)
}

// readSet reads an array of strings; whatever is no array is none.
func readSet(v Value, set map[string]bool) error {
	if v.Kind() != KindArray {
		return nil
	}
	items, err := v.Items()
	if err != nil {
		return err
	}
	for _, item := range items {
		text, err := item.Text()
		if err != nil {
			return err
		}
		set[text] = true
	}
	return nil
}

func (n *nodeMethods) getblocktemplate(ctx context.Context, c *Call) (any, error) {
	r, err := readTemplateRequest(c.Members("template_request"))
	if err != nil {
		return nil, err
	}
	switch r.mode {
	case "proposal":
		return n.propose(ctx, r.data)
	case "template":
	default:
		return nil, Errorf(CodeParameter, "Invalid mode")
	}
	if len(r.longPoll) > 0 {
		if err := n.longPoll(ctx, c, r.longPoll); err != nil {
			return nil, err
		}
	}
	if !r.rules["segwit"] {
		return nil, Errorf(CodeParameter, `getblocktemplate must be called with the segwit rule set (call with {"rules": ["segwit"]})`)
	}
	return n.makeTemplate(ctx, r)
}

// propose tells whether a block would be accepted but for its proof of work
// (BIP23).
func (n *nodeMethods) propose(ctx context.Context, data Value) (any, error) {
	text, err := data.Text()
	if err != nil {
		return nil, Errorf(CodeType, "Missing data String key for proposal")
	}
	b, err := decodeBlock(text)
	if err != nil {
		return nil, err
	}
	hash := b.Hash()
	v, release := n.Node.Acquire()
	r, known := v.Lookup(&hash)
	tip := v.Tip.Hash
	release()
	switch {
	case known && r.Failed:
		return "duplicate-invalid", nil
	case known && r.Status&chain.Connected != 0:
		return "duplicate", nil
	case known:
		return "duplicate-inconclusive", nil
	case b.Header.Prev != tip:
		return "inconclusive-not-best-prevblk", nil
	}
	return bip22(n.Node.ProposeBlock(ctx, b))
}

// pollTimes say when a long poll looks whether the mempool changed: first and
// then again and again. A new tip ends it at once.
type pollTimes struct{ first, again time.Duration }

// defaultPollTimes are Core's.
var defaultPollTimes = pollTimes{time.Minute, 10 * time.Second}

// longPollID names a tip and a state of the mempool.
func longPollID(v *node.View) string {
	return v.Tip.Hash.String() + strconv.FormatUint(v.Mempool.Totals().Sequence, 10)
}

// longPoll waits until a template would differ from the one that had this
// id: until the tip is another, or after a while the mempool. Something else
// than a string stands for the present.
func (n *nodeMethods) longPoll(ctx context.Context, c *Call, id Value) error {
	const hashLen = 64
	v, release := n.Node.Acquire()
	tip, pool := v.Tip.Hash, v.Mempool.Totals().Sequence
	release()
	if id.Kind() == KindString {
		text, _ := id.Text()
		watched, err := parseHash("longpollid", text[:min(len(text), hashLen)])
		if err != nil {
			return err
		}
		tip, pool = watched, 0
		if n, err := strconv.ParseUint(text[hashLen:], 10, 64); err == nil {
			pool = n
		}
	}
	timer := time.NewTimer(n.polls.first)
	defer timer.Stop()
	for look := false; ; {
		changed := n.Node.Changed()
		v, release := n.Node.Acquire()
		over := v.Tip.Hash != tip || look && v.Mempool.Totals().Sequence != pool
		release()
		if over {
			return nil
		}
		look = false
		select {
		case <-changed:
		case <-timer.C:
			look = true
			timer.Reset(n.polls.again)
		case <-ctx.Done():
			return ctx.Err()
		case <-c.Stopping():
			return Errorf(CodeNotConnected, "Shutting down")
		}
	}
}
