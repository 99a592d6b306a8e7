package sim

import (
	"errors"
	"math/rand/v2"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"crypto/sha256"

	"orrery/core/consensus"
	"orrery/core/mining"
	"orrery/core/node"
)

// Found is a block that a miner of the network found.
type Found struct {
	Hash   chainhash.Hash
	Height int32
	Node   *Node
	At     int64 // virtual ns
}

// minerState is the search of one node. How many hashes it still needs is drawn
// when the last block was found; a new tip changes nothing about it, since the
// exponential distribution has no memory, but another difficulty does.
type minerState struct {
	chance *rand.Rand
	left   float64 // expected blocks of work still to do, exponential with mean 1
	rate   float64 // blocks a second; 0: it does not search
	since  int64   // virtual ns when left and rate were set
	gen    uint64  // of the planned find
	made   uint64  // blocks: the extranonce
}

// SetHashrate changes how fast a node searches, in hashes a second.
func (n *Net) SetHashrate(x *Node, rate float64) {
	x.spec.Hashrate = rate
	if x.machine != nil {
		n.retarget(x)
	}
}

// retarget looks whether the search goes at another rate than before.
func (n *Net) retarget(x *Node) {
	m := &x.miner
	rate := 0.0
	if x.machine != nil && x.spec.Hashrate > 0 {
		rate = x.spec.Hashrate / n.workOf(x)
	}
	if rate == m.rate {
		return
	}
	if m.left == 0 {
		m.left = m.chance.ExpFloat64()
	} else {
		m.left -= m.rate * float64(n.now-m.since) / 1e9
	}
	m.rate, m.since = rate, n.now
	n.search(x)
}

// search plans the find.
func (n *Net) search(x *Node) {
	m := &x.miner
	m.gen++
	if m.rate > 0 {
		n.plan(x, int64(max(0, m.left/m.rate)*1e9), happening{kind: onFound, num: m.gen})
	}
}

// workOf is how many hashes a node's next block takes.
func (n *Net) workOf(x *Node) float64 {
	if x.view == nil {
		return 1 // a Miner's blocks have no difficulty
	}
	work := consensus.Work(x.view.NextBits)
	return work.Float64()
}

func (n *Net) foundBlock(x *Node, gen uint64) {
	m := &x.miner
	if gen != m.gen {
		return
	}
	m.left, m.since = m.chance.ExpFloat64(), n.now
	n.search(x)
	n.Mine(x)
}

// Mine lets a node find a block now, and submits it there. It returns nil when
// the node's clock allows no block.
func (n *Net) Mine(x *Node) *consensus.Block {
	b := n.MakeBlock(x)
	if b != nil {
		n.Submit(x, b, func(err error) {
			if err != nil && !errors.Is(err, node.ErrInconclusive) {
				n.fail(x, "own block", err)
			}
		})
	}
	return b
}

// MakeBlock makes the block that a node would find now, and submits it to
// nobody.
func (n *Net) MakeBlock(x *Node) *consensus.Block {
	x.miner.made++
	extranonce := uint64(x.ID)<<32 | x.miner.made
	var b *consensus.Block
	var err error
	f := Found{Node: x, At: n.now}
	if m, ok := x.machine.(Miner); ok {
		b, err = m.Mine(x.clock(), extranonce)
	} else {
		f.Height = x.view.Tip.Height + 1
		b, err = n.fromTemplate(x, extranonce)
	}
	if errors.Is(err, mining.ErrTime) {
		return nil
	}
	if err != nil {
		n.fail(x, "block template", err)
		return nil
	}
	f.Hash = b.Hash()
	n.found = append(n.found, f)
	return b
}

func (n *Net) fromTemplate(x *Node, extranonce uint64) (*consensus.Block, error) {
	script := x.spec.Payout
	if script == nil {
		script = PayTo(x.ID)
	}
	t, err := x.view.Template(script, x.clock()/1e9)
	if err != nil {
		return nil, err
	}
	return t.Block(extranonce, t.Time, uint32(x.miner.chance.Uint64())), nil
}

// Found are all blocks that were found, in order.
func (n *Net) Found() []Found { return n.found }

// Stale counts the found blocks that are not on a node's best chain. Divided by
// all that were found, it is the stale rate: the share of the work that was
// lost to forks.
func (n *Net) Stale(x *Node) (stale, total int) {
	for i := range n.found {
		r, ok := x.view.Lookup(&n.found[i].Hash)
		if !ok || !x.view.Contains(r.Node) {
			stale++
		}
	}
	return stale, len(n.found)
}

// CheckWork stands for the check of proof of work: bits must be a target within
// the limit, and the hash may be any.
func CheckWork(_ chainhash.Hash, bits uint32, limit *uint256.Int) error {
	return consensus.CheckProofOfWork(chainhash.Hash{}, bits, limit)
}

// PayTo is an output script for a node, standard, that anyone can spend with
// SpendWitness.
func PayTo(node int) []byte {
	h := sha256.Sum256(anyoneScript(node))
	return append([]byte{txscript.OP_0, byte(len(h))}, h[:]...)
}

// SpendWitness spends what PayTo pays.
func SpendWitness(node int) wire.TxWitness { return wire.TxWitness{anyoneScript(node)} }

func anyoneScript(node int) []byte {
	return []byte{4, byte(node), byte(node >> 8), byte(node >> 16), byte(node >> 24), txscript.OP_DROP, txscript.OP_TRUE}
}
