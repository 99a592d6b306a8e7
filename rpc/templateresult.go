package rpc

import (
	"bytes"
	"context"
	"encoding/hex"
	"sync"

	"orrery/core/mining"
	"orrery/core/node"
)

func (n *nodeMethods) templateMethods() []Method {
	transaction := []Schema{
		Hex("data", "The serialized transaction"),
		Hash("txid", "The transaction id"),
		Hash("hash", "The hash with the witness"),
		List("depends", "Which transactions before it, counted from 1, must be in the block too", Integer("", "A number")),
		Integer("fee", "The fee in satoshi; of a coinbase, the fees that it collects as a negative number"),
		Integer("sigops", "The cost of the signature operations"),
		Integer("weight", "The weight"),
	}
	return []Method{{
		Name: "getblocktemplate", Category: "mining", Permission: PermMine, Handler: n.getblocktemplate,
		Doc: "Returns what an external miner needs to make a block, or checks one that it proposes (BIP22, BIP23, BIP9, BIP145).",
		Params: []Param{{Name: "template_request", Type: ObjectParam, Required: true, Doc: "What is asked for", Inner: []Param{
			{Name: "mode", Type: StringParam, Default: "template", Doc: "\"template\", or \"proposal\" to have a block checked"},
			{Name: "capabilities", Type: ArrayParam, Doc: "What the miner can do; with \"coinbasetxn\" and without \"coinbasevalue\" it gets a coinbase",
				Inner: []Param{{Name: "str", Type: StringParam, Doc: "A capability"}}},
			{Name: "rules", Type: ArrayParam, Required: true, Doc: "The rules that the miner knows; \"segwit\" must be there",
				Inner: []Param{{Name: "str", Type: StringParam, Doc: "A rule"}}},
			{Name: "longpollid", Type: StringParam, Doc: "That of an earlier template: answer when it is out of date"},
			{Name: "data", Type: HexParam, Doc: "The block to be checked, for mode \"proposal\""},
		}}},
		Result: OneOf("", "",
			Null("", "").When("for mode = proposal, if the block is good"),
			Text("", "The rule that it breaks").When("for mode = proposal, if it is not"),
			Record("", "",
				List("capabilities", "What the node can do", Text("", "A capability")),
				Integer("version", "The block's version"),
				List("rules", "The rules in force", Text("", "A rule; \"!\" before it: a miner must know it")),
				Dictionary("vbavailable", "Rules that can be voted on: none", Integer("rulename", "The version's bit")),
				Integer("vbrequired", "Which bits of the version must be set: none"),
				Hash("previousblockhash", "The hash of the tip"),
				List("transactions", "The transactions without the coinbase", Record("", "A transaction", transaction...)),
				Dictionary("coinbaseaux", "What the coinbase script should contain: nothing", Hex("key", "Bytes")),
				Integer("coinbasevalue", "What the coinbase may pay at most, in satoshi").Opt(),
				Record("coinbasetxn", "A coinbase, for miners that ask for one", transaction...).Opt(),
				Text("longpollid", "What to ask with for the template that follows this one"),
				Hash("target", "The target"),
				Timestamp("mintime", "The lowest time that the block may have"),
				List("mutable", "What the miner may change", Text("", "A part of the template")),
				Hex("noncerange", "The nonces that may be tried"),
				Integer("sigoplimit", "The most that the signature operations of a block may cost"),
				Integer("sizelimit", "The most bytes that a block may have"),
				Integer("weightlimit", "The most that a block may weigh"),
				Timestamp("curtime", "The time now"),
				Text("bits", "The target in compact form"),
				Integer("height", "The block's height"),
				Hex("default_witness_commitment", "The output script that commits to the witnesses of the unchanged template")).When("otherwise")),
		Example: `[{"rules":["segwit"]}]`,
	}}
}

// templateAge is how old a template may be, in seconds, while the mempool
// changes; a new tip replaces it at once (Core: getblocktemplate).
const templateAge = 5

// templates keeps the last template, which many miners ask for.
type templates struct {
	mu   sync.Mutex
	kept *keptTemplate
}

// keptTemplate is a template with what is said about its transactions.
type keptTemplate struct {
	*mining.Template
	txs    []templateTx
	payout []byte
	pool   uint64 // the mempool's sequence number
	made   int64  // by the node's clock, seconds
	id     string // for long polls

	extranonces uint64 // handed out with coinbases; guarded by templates.mu
}

func (t *templates) last() *keptTemplate {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept
}

// get returns a template for the tip of v. now is in seconds.
func (t *templates) get(v *node.View, payout []byte, now int64) (*keptTemplate, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, pool := t.kept, v.Mempool.Totals().Sequence
	if k != nil && k.Prev == v.Tip.Hash && bytes.Equal(k.payout, payout) && k.made <= now &&
		(k.pool == pool || now-k.made <= templateAge) && now <= k.MaxTime {
		return k, nil
	}
	made, err := v.Template(payout, now)
	if err != nil {
		return nil, Errorf(CodeMisc, "%w", err)
	}
	t.kept = &keptTemplate{
		Template: made, txs: templateTxs(made), payout: payout, pool: pool, made: now, id: longPollID(v),
		extranonces: 1<<63 | uint64(v.Headers())<<32, // never one of generatetoaddress
	}
	return t.kept, nil
}

func (t *templates) extranonce(k *keptTemplate) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	k.extranonces++
	return k.extranonces
}

type templateTx struct {
	Data    string `json:"data"`
	Txid    string `json:"txid"`
	Hash    string `json:"hash"`
	Depends []int  `json:"depends"`
	Fee     int64  `json:"fee"`
	SigOps  int64  `json:"sigops"`
	Weight  int    `json:"weight"`
}

func templateTxs(t *mining.Template) []templateTx {
	list := make([]templateTx, len(t.Txs))
	_ = inParts(len(list), txsAtOnce, func(_, from, to int) error { // nothing can fail
		for i := from; i < to; i++ {
			tx := &t.Txs[i]
			depends := make([]int, len(tx.Depends))
			for j, d := range tx.Depends {
				depends[j] = d + 1
			}
			list[i] = templateTx{
				hex.EncodeToString(tx.Tx.Bytes()), tx.Tx.ID().String(), tx.Tx.WitnessID().String(), depends, tx.Fee, tx.SigOpCost, tx.Tx.Weight(),
			}
		}
		return nil
	})
	return list
}

type templateResult struct {
	Capabilities  []string     `json:"capabilities"`
	Version       int32        `json:"version"`
	Rules         []string     `json:"rules"`
	VBAvailable   struct{}     `json:"vbavailable"`
	VBRequired    int          `json:"vbrequired"`
	Previous      string       `json:"previousblockhash"`
	Transactions  []templateTx `json:"transactions"`
	CoinbaseAux   struct{}     `json:"coinbaseaux"`
	CoinbaseValue *int64       `json:"coinbasevalue,omitempty"`
	CoinbaseTxn   *templateTx  `json:"coinbasetxn,omitempty"`
	LongPollID    string       `json:"longpollid"`
	Target        string       `json:"target"`
	MinTime       int64        `json:"mintime"`
	Mutable       []string     `json:"mutable"`
	NonceRange    string       `json:"noncerange"`
	SigOpLimit    int64        `json:"sigoplimit"`
	SizeLimit     int64        `json:"sizelimit"`
	WeightLimit   int64        `json:"weightlimit"`
	CurTime       int64        `json:"curtime"`
	Bits          string       `json:"bits"`
	Height        int32        `json:"height"`
	Commitment    string       `json:"default_witness_commitment"`
}

func (n *nodeMethods) makeTemplate(ctx context.Context, r *templateRequest) (any, error) {
	var payout []byte
	if r.capabilities["coinbasetxn"] && !r.capabilities["coinbasevalue"] && n.Payout != nil {
		var err error
		if payout, err = n.Payout(ctx); err != nil {
			payout = nil // the miner gets coinbasevalue and pays itself
		}
	}
	v, release := n.Node.Acquire()
	defer release()
	now := n.Node.Now().Unix()
	t, err := n.templates.get(v, payout, now)
	if err != nil {
		return nil, err
	}
	res := &templateResult{
		Capabilities: []string{"proposal"}, Version: mining.Version,
		Rules: []string{"csv", "!segwit", "taproot"}, Previous: t.Prev.String(), Transactions: t.txs,
		LongPollID: t.id, Target: target(t.Bits), MinTime: t.MinTime, Mutable: []string{"time", "transactions", "prevblock"},
		NonceRange: "00000000ffffffff", SigOpLimit: v.Params.MaxSigopCost(), SizeLimit: v.Params.MaxWeight, WeightLimit: v.Params.MaxWeight,
		CurTime: max(t.MinTime, now), Bits: hex32(t.Bits), Height: t.Height, Commitment: hex.EncodeToString(t.Commitment),
	}
	if payout == nil {
		res.CoinbaseValue = &t.CoinbaseValue
		return res, nil
	}
	res.CoinbaseTxn = coinbaseTxn(t, n.templates.extranonce(t))
	res.Mutable = append(res.Mutable, "coinbase/append", "coinbase")
	return res, nil
}

// coinbaseTxn is a coinbase that no other miner gets. It comes without its
// witness, so that whoever hashes it has its id; submitblock adds the witness.
func coinbaseTxn(t *keptTemplate, extranonce uint64) *templateTx {
	tx := t.Coinbase(extranonce)
	var data bytes.Buffer
	_ = tx.Msg.SerializeNoWitness(&data) // a bytes.Buffer never fails
	sigops := t.SigOpCost
	for _, other := range t.Txs {
		sigops -= other.SigOpCost
	}
	return &templateTx{
		Data: hex.EncodeToString(data.Bytes()), Txid: tx.ID().String(), Hash: tx.WitnessID().String(), Depends: []int{},
		Fee: -t.Fees, SigOps: sigops, Weight: tx.Weight(),
	}
}
