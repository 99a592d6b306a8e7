// Package console shows a person what a running node does: a line a block at a
// terminal, structured log records elsewhere.
package console

import (
	"fmt"
	"io"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/policy"
)

// fullLines is up to how many new blocks are shown one by one; of more, as
// after a sync, only the last few.
const (
	fullLines = 40
	lastLines = 3
)

// Console reports blocks. It is used by one goroutine.
type Console struct {
	out    io.Writer    // for a person; nil: log instead
	width  func() int   // of the person's terminal, in columns; 0: unknown
	log    *slog.Logger // for machines
	tip    chainhash.Hash
	failed map[policy.Hook]*chain.PolicyFailure // those that were shown last
	who    who
	sync   progress
	now    func() time.Time
}

// New reports what comes after tip, to out when a person looks at it, else to
// log. width tells how many columns out has now, 0 when nobody knows.
func New(out io.Writer, width func() int, log *slog.Logger, tip chainhash.Hash) *Console {
	return &Console{out: out, width: width, log: log, tip: tip, failed: map[policy.Hook]*chain.PolicyFailure{}, now: time.Now}
}

// Show reports the blocks between the last view and this one, and which peers
// came and went. In a sync it shows how far that is instead of the blocks.
func (c *Console) Show(v *node.View) error {
	c.peers(v)
	if c.syncing(v) {
		c.failure(v)
		return nil
	}
	reverts, applies, err := v.Changes(c.tip)
	if err != nil {
		return err
	}
	if len(reverts) > 0 {
		c.reorg(reverts)
	}
	if skipped := len(applies) - lastLines; len(applies) > fullLines {
		c.skipped(applies[skipped-1], skipped)
		applies = applies[skipped:]
	}
	for _, n := range applies {
		b, err := v.Block(n)
		if err != nil {
			return err
		}
		c.block(n, b)
	}
	c.tip = v.Tip.Hash
	c.failure(v)
	return nil
}

func (c *Console) block(n *chain.Node, b *consensus.Block) {
	interval := int64(n.Header.Time) - int64(n.Parent.Header.Time)
	reward := int64(0)
	for _, o := range b.Txs[0].Msg.TxOut {
		reward += o.Value
	}
	if c.out == nil {
		c.log.Info("block", "height", n.Height, "hash", n.Hash.String(), "txs", len(b.Txs), "interval_s", interval,
			"difficulty", Difficulty(n.Header.Bits), "reward", coins(reward))
		return
	}
	work := consensus.Work(n.Header.Bits)
	hashes := fmt.Sprintf(" (%s hashes)", metric(work.Float64()))
	line := func(format string) string {
		return fmt.Sprintf(format, n.Height, shortHash(n.Hash), plural(len(b.Txs), "tx", "txs"), span(interval),
			metric(Difficulty(n.Header.Bits)), hashes, coins(reward))
	}
	text := line("%7d  %s  %-7s %8s  difficulty %s%s  reward %s")
	if most := c.width(); most > 0 && utf8.RuneCountInString(text) > most {
		hashes = "" // the difficulty says the same in other words
		text = line("%7d  %s  %-6s %7s  difficulty %s%s  reward %s")
	}
	fmt.Fprintln(c.out, text)
}

func (c *Console) reorg(reverts []*chain.Node) {
	last := reverts[len(reverts)-1]
	if c.out == nil {
		c.log.Info("reorg", "left_blocks", len(reverts), "fork_height", last.Height-1, "fork_hash", last.Parent.Hash.String())
		return
	}
	fmt.Fprintf(c.out, "  reorg: %s left, the branches part after height %d\n", plural(len(reverts), "block", "blocks"), last.Height-1)
}

func (c *Console) skipped(to *chain.Node, n int) {
	if c.out == nil {
		c.log.Info("blocks", "count", n, "height", to.Height, "hash", to.Hash.String())
		return
	}
	fmt.Fprintf(c.out, "%7d  … %d blocks\n", to.Height, n)
}

// fallbacks is what the chain goes by when a script fails.
var fallbacks = map[policy.Hook]string{
	policy.Difficulty: "the target stays",
	policy.Subsidy:    "the block may create nothing",
}

// failure shows that a consensus script failed, for every height at which it
// does: the chain goes on under the fallback, and somebody has to mend it.
func (c *Console) failure(v *node.View) {
	for _, f := range v.Failures {
		last := c.failed[f.Err.Hook]
		if last == nil || f.Height != last.Height || f.Err.Error() != last.Err.Error() {
			c.failed[f.Err.Hook] = f
			c.showFailure(f)
		}
	}
}

func (c *Console) showFailure(f *chain.PolicyFailure) {
	if c.out == nil {
		c.log.Warn("policy failed, fallback used", "hook", f.Err.Hook, "height", f.Height, "error", f.Err.Error())
		return
	}
	fmt.Fprintf(c.out, "  warning: policy %s failed for height %d, %s:\n  %v\n", f.Err.Hook, f.Height, fallbacks[f.Err.Hook], f.Err)
}
