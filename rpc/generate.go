package rpc

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/mining"
	"orrery/core/node"
)

// defaultMaxTries bounds the hashes of one call (Core: DEFAULT_MAX_TRIES).
const defaultMaxTries = 1_000_000

// hashesBetweenLooks is how many hashes are tried between two looks at whether
// anybody still waits: a few milliseconds.
const hashesBetweenLooks = 1 << 14

func (n *nodeMethods) generatingMethods() []Method {
	return []Method{
		{
			Name: "generatetoaddress", Category: "generating", Permission: PermMine, Handler: n.generatetoaddress,
			Doc: "Mines blocks at once that pay an address.\nIt is for chains that are easy to mine, as regtest.",
			Params: []Param{
				{Name: "nblocks", Type: IntParam, Range: int32Range, Required: true, Doc: "How many blocks"},
				{Name: "address", Type: StringParam, Required: true, Doc: "The address"},
				{Name: "maxtries", Type: IntParam, Range: uint64Range, Default: defaultMaxTries, Doc: "How many hashes to try for all of them"},
			},
			Result:  List("", "The blocks", Hash("", "A block's hash")),
			Example: `[1, "` + exampleAddress + `"]`,
		},
		{
			Name: "generateblock", Category: "generating", Permission: PermMine, Handler: n.generateblock,
			Doc: "Mines a block with chosen transactions at once.\nTheir fees are not collected.",
			Params: []Param{
				{Name: "output", Type: StringParam, Required: true, Doc: "The address that is paid, or a descriptor addr(ADDRESS) or raw(SCRIPT)"},
				{Name: "transactions", Type: ArrayParam, Required: true, Doc: "The transactions in their order, each one valid",
					Inner: []Param{{Name: "rawtx/txid", Type: HexParam, Doc: "A serialized transaction, or the id of one in the mempool"}}},
				{Name: "submit", Type: BoolParam, Default: true, Doc: "Whether the block becomes part of the chain; otherwise it is only returned"},
			},
			Result:  Record("", "", Hash("hash", "The block's hash"), Hex("hex", "The serialized block, for submit = false").Opt()),
			Example: `["` + exampleAddress + `", []]`,
		},
	}
}

// exampleAddress pays to the hash 0.
const exampleAddress = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"

func (n *nodeMethods) generatetoaddress(ctx context.Context, c *Call) (any, error) {
	tries := c.Int("maxtries")
	v, release := n.Node.Acquire()
	payTo, err := codecOf(v).Decode(c.Text("address"))
	release()
	if err != nil {
		return nil, Errorf(CodeAddress, "Error: Invalid address")
	}
	left := uint64(tries)
	hashes, script := []string{}, payTo.Script()
	for i := c.Int("nblocks"); i > 0 && left > 0 && ended(ctx, c) == nil; i-- {
		hash, err := n.generate(ctx, c, script, &left)
		if err != nil {
			return nil, err
		}
		if hash == nil {
			break
		}
		hashes = append(hashes, hash.String())
	}
	return hashes, n.Node.Flush(ctx)
}

// maxRebuilds bounds how often one block is begun anew because its parent was
// left or revoked meanwhile.
const maxRebuilds = 100

// turn waits until no other call generates: two that built on one tip at the
// same time would make siblings, of which one is in vain.
func (n *nodeMethods) turn(ctx context.Context, c *Call) (done func(), err error) {
	select {
	case n.generating <- struct{}{}:
		return func() { <-n.generating }, nil
	case <-ctx.Done():
	case <-c.Stopping():
	}
	return nil, Errorf(CodeMisc, "The call was ended before it finished")
}

// generate mines one block on the tip and submits it; nil when the tries are
// used up, or nobody waits any more.
func (n *nodeMethods) generate(ctx context.Context, c *Call, script []byte, left *uint64) (*chainhash.Hash, error) {
	done, err := n.turn(ctx, c)
	if err != nil {
		return nil, nil
	}
	defer done()
	for rebuilds := 0; ; rebuilds++ {
		v, release := n.Node.Acquire()
		t, err := v.Template(script, n.Node.Now().Unix())
		extranonce := n.freshExtranonce(v)
		release()
		if err != nil {
			return nil, Errorf(CodeMisc, "%w", err)
		}
		b := solve(ctx, c, t, extranonce, left)
		if b == nil {
			return nil, nil
		}
		err = n.Node.SubmitBlock(ctx, b, false)
		if errors.Is(err, consensus.BadPrev) && rebuilds < maxRebuilds {
			continue // the tip was revoked while we worked on it
		}
		// Somebody else's block may have come first: that is no fault of this one.
		if err != nil && !errors.Is(err, node.ErrInconclusive) {
			return nil, err
		}
		hash := b.Hash()
		return &hash, nil
	}
}

// freshExtranonce makes every block another one, also one that is mined again
// after it was invalidated, and after a restart: the number of known headers
// only grows, and each call counts.
func (n *nodeMethods) freshExtranonce(v *node.View) uint64 {
	return uint64(v.Headers())<<32 | uint64(uint16(n.generated.Add(1)))<<16
}

// solve finds a nonce, taking another extranonce when no nonce is left. It
// takes its hashes from *left, and gives up when that is 0.
func solve(ctx context.Context, c *Call, t *mining.Template, extranonce uint64, left *uint64) *consensus.Block {
	goal, _, _ := consensus.CompactToTarget(t.Bits)
	for ; ; extranonce++ {
		h := t.Header(extranonce, t.Time)
		header := h.Bytes()
		for next := uint64(0); next < 1<<32; {
			nonce, tried, found := mining.Search(&header, &goal, uint32(next), min(hashesBetweenLooks, 1<<32-next, *left))
			*left -= tried
			if found {
				return t.Block(extranonce, t.Time, nonce)
			}
			next += tried
			if *left == 0 || ended(ctx, c) != nil {
				return nil
			}
		}
	}
}

type generatedBlock struct {
	Hash string `json:"hash"`
	Hex  string `json:"hex,omitempty"`
}

func (n *nodeMethods) generateblock(ctx context.Context, c *Call) (any, error) {
	done, err := n.turn(ctx, c)
	if err != nil {
		return nil, err
	}
	defer done()
	t, extranonce, err := n.validTemplate(ctx, c)
	if err != nil {
		return nil, err
	}
	left := uint64(defaultMaxTries)
	b := solve(ctx, c, t, extranonce, &left)
	if b == nil {
		return nil, Errorf(CodeMisc, "Failed to make block.")
	}
	if !c.Bool("submit") {
		return &generatedBlock{b.Hash().String(), hex.EncodeToString(b.Bytes())}, nil
	}
	if err := n.Node.SubmitBlock(ctx, b, true); err != nil && !errors.Is(err, node.ErrInconclusive) {
		return nil, err
	}
	return &generatedBlock{Hash: b.Hash().String()}, nil
}

// validTemplate makes a template of the transactions that were asked for and
// has it checked, on a new tip when one comes between.
func (n *nodeMethods) validTemplate(ctx context.Context, c *Call) (*mining.Template, uint64, error) {
	for rebuilds := 0; ; rebuilds++ {
		t, extranonce, err := n.fixedTemplate(c)
		if err != nil {
			return nil, 0, err
		}
		err = n.Node.ProposeBlock(ctx, t.Block(extranonce, t.Time, 0))
		if errors.Is(err, consensus.NotBestPrev) && rebuilds < maxRebuilds {
			continue
		}
		if err != nil {
			return nil, 0, Errorf(CodeVerify, "TestBlockValidity failed: %s", BlockError(err).Message)
		}
		return t, extranonce, nil
	}
}

// fixedTemplate makes a template of the transactions that were asked for.
func (n *nodeMethods) fixedTemplate(c *Call) (*mining.Template, uint64, error) {
	v, release := n.Node.Acquire()
	defer release()
	script, ok := outputScript(codecOf(v), c.Text("output"))
	if !ok {
		return nil, 0, Errorf(CodeAddress, "Error: Invalid address or descriptor")
	}
	in := v.TemplateInput(script, n.Node.Now().Unix())
	in.Pool = nil
	for _, item := range c.Items("transactions") {
		text, err := item.Text()
		if err != nil {
			return nil, 0, err
		}
		tx, err := chosenTx(v, text)
		if err != nil {
			return nil, 0, err
		}
		in.Fixed = append(in.Fixed, mining.Tx{Tx: tx})
	}
	t, err := mining.NewTemplate(in)
	if err != nil {
		return nil, 0, Errorf(CodeVerify, "%w", err)
	}
	return t, n.freshExtranonce(v), nil
}

// chosenTx reads a serialized transaction, or the id of one in the mempool.
func chosenTx(v *node.View, text string) (*consensus.Tx, error) {
	if len(text) == 2*chainhash.HashSize {
		if id, err := parseHash("txid", text); err == nil {
			e := v.Mempool.Get(id)
			if e == nil {
				return nil, Errorf(CodeAddress, "Transaction %s not in mempool.", text)
			}
			return e.Tx, nil
		}
	}
	if tx := decodeTx(text, whole); tx != nil {
		return tx, nil
	}
	return nil, Errorf(CodeDeserialization, "Transaction decode failed for %s. Make sure the tx has at least one input.", shorten(text))
}
