package rpc

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/node"
)

// steeringMethods change what the chain is taken to be, or wait for it to
// change: tools for tests and experiments.
func (n *nodeMethods) steeringMethods() []Method {
	block := []Param{{Name: "blockhash", Type: HashParam, Required: true, Doc: "The block's hash"}}
	return []Method{
		{
			Name: "waitforblockheight", Category: "blockchain", Permission: PermRead, Handler: n.waitforblockheight,
			Doc: "Waits until the best chain has a height, and tells its tip.\nWhen the time is over or the node stops, it tells the tip as it is then.",
			Params: []Param{
				{Name: "height", Type: IntParam, Range: int32Range, Required: true, Doc: "The height to wait for"},
				{Name: "timeout", Type: IntParam, Range: int32Range, Default: 0, Doc: "How long to wait in milliseconds; 0 for ever"},
			},
			Result:  Record("", "", Hash("hash", "The tip's hash"), Integer("height", "The tip's height")),
			Example: `[0, 1000]`,
		},
		{
			Name: "waitforblock", Category: "blockchain", Permission: PermRead, Handler: n.waitforblock,
			Doc: "Waits until a block is the tip, and tells the tip.\nWhen the time is over or the node stops, it tells the tip as it is then.",
			Params: []Param{
				block[0],
				{Name: "timeout", Type: IntParam, Range: int32Range, Default: 0, Doc: "How long to wait in milliseconds; 0 for ever"},
			},
			Result:  Record("", "", Hash("hash", "The tip's hash"), Integer("height", "The tip's height")),
			Example: `["` + exampleHash + `", 1000]`,
		},
		{
			Name: "waitfornewblock", Category: "blockchain", Permission: PermRead, Handler: n.waitfornewblock,
			Doc: "Waits until there is another tip, and tells it.\nWhen the time is over or the node stops, it tells the tip as it is then.",
			Params: []Param{
				{Name: "timeout", Type: IntParam, Range: int32Range, Default: 0, Doc: "How long to wait in milliseconds; 0 for ever"},
				{Name: "current_tip", Type: HashParam, DefaultHint: "the present tip", Doc: "The tip to be replaced: one that is not the tip any more is answered at once"},
			},
			Result:  Record("", "", Hash("hash", "The tip's hash"), Integer("height", "The tip's height")),
			Example: `[1000]`,
		},
		{
			Name: "invalidateblock", Category: "blockchain", Permission: PermAdmin, Handler: n.invalidateblock, Params: block,
			Doc:    "Declares a block invalid, as if it broke a rule.\nThe best of the other branches becomes the chain. It lasts until reconsiderblock.",
			Result: Null("", ""), Example: `["` + exampleHash + `"]`,
		},
		{
			Name: "reconsiderblock", Category: "blockchain", Permission: PermAdmin, Handler: n.reconsiderblock, Params: block,
			Doc:    "Takes back what was found or declared against a block, its ancestors and its descendants.\nThey are checked again.",
			Result: Null("", ""), Example: `["` + exampleHash + `"]`,
		},
		{
			Name: "setmocktime", Category: "control", Permission: PermAdmin, Handler: n.setmocktime,
			Doc:     "Stops the node's clock at a time.",
			Params:  []Param{{Name: "timestamp", Type: IntParam, Required: true, Doc: "Seconds since 1970; 0 lets the clock go again"}},
			Result:  Null("", ""),
			Example: `[0]`,
		},
	}
}

type tipResult struct {
	Hash   string `json:"hash"`
	Height int32  `json:"height"`
}

func (n *nodeMethods) waitforblockheight(ctx context.Context, c *Call) (any, error) {
	height := c.Int("height")
	return n.waitForTip(ctx, c, func(v *node.View) bool { return int64(v.Tip.Height) >= height })
}

func (n *nodeMethods) waitforblock(ctx context.Context, c *Call) (any, error) {
	hash := c.Hash("blockhash")
	return n.waitForTip(ctx, c, func(v *node.View) bool { return v.Tip.Hash == hash })
}

func (n *nodeMethods) waitfornewblock(ctx context.Context, c *Call) (any, error) {
	var from chainhash.Hash
	if c.Has("current_tip") {
		from = c.Hash("current_tip")
	} else {
		v, release := n.Node.Acquire()
		from = v.Tip.Hash
		release()
	}
	return n.waitForTip(ctx, c, func(v *node.View) bool { return v.Tip.Hash != from })
}

// waitForTip returns the tip once it is good, or when the parameter timeout is
// over (0: never), the server stops, or the caller has gone.
func (n *nodeMethods) waitForTip(ctx context.Context, c *Call, good func(*node.View) bool) (any, error) {
	timeout := c.Int("timeout")
	if timeout < 0 {
		return nil, Errorf(CodeMisc, "Negative timeout")
	}
	var over <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(time.Duration(timeout) * time.Millisecond)
		defer timer.Stop()
		over = timer.C
	}
	for last := false; ; {
		changed := n.Node.Changed()
		v, release := n.Node.Acquire()
		tip, done := tipResult{v.Tip.Hash.String(), v.Tip.Height}, good(v)
		release()
		if done || last {
			return tip, nil
		}
		select {
		case <-changed:
		case <-over:
			last = true
		case <-c.Stopping():
			last = true
		case <-ctx.Done():
			last = true
		}
	}
}

func (n *nodeMethods) invalidateblock(ctx context.Context, c *Call) (any, error) {
	return nil, steeringError(n.Node.Invalidate(ctx, c.Hash("blockhash")))
}

func (n *nodeMethods) reconsiderblock(ctx context.Context, c *Call) (any, error) {
	return nil, steeringError(n.Node.Reconsider(ctx, c.Hash("blockhash")))
}

func steeringError(err error) error {
	switch {
	case errors.Is(err, chain.ErrUnknownBlock):
		return errBlockNotFound
	case errors.Is(err, chain.ErrGenesis):
		return Errorf(CodeParameter, "%w", err)
	}
	return err
}

// maxTime is the last time that a block can have.
const maxTime = math.MaxUint32

func (n *nodeMethods) setmocktime(_ context.Context, c *Call) (any, error) {
	t := c.Int("timestamp")
	if t < 0 || t > maxTime {
		return nil, Errorf(CodeParameter, "Mocktime must be in the range [0, %d], not %d.", maxTime, t)
	}
	n.Node.Mock(t)
	return nil, nil
}
