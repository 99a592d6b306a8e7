package rpc

import (
	"context"
	"encoding/hex"

	"orrery/wallet"
	"orrery/wallet/ledger"
)

func (n *nodeMethods) walletHistoryMethods() []Method {
	txid := Param{Name: "txid", Type: HashParam, Required: true, Doc: "The transaction id"}
	return []Method{
		{
			Name: "listtransactions", Handler: n.withWallet(listtransactions), Wallet: true,
			Doc: "Lists the last entries of the wallet's history, the oldest first.\n" +
				"A transaction has an entry for each output that was sent or received; what the wallet paid to itself is there as both, change as neither.",
			Params: []Param{
				{Name: "label", Type: StringParam, Default: "*", Doc: "Only what was received on addresses with this label; \"*\": everything"},
				{Name: "count", Type: IntParam, Default: 10, Doc: "How many entries"},
				{Name: "skip", Type: IntParam, Default: 0, Doc: "How many of the newest to leave out"},
				watchonlyParam(),
			},
			Result:  List("", "", historySchema()),
			Example: `["*", 20, 100]`,
		},
		{
			Name: "listsinceblock", Handler: n.withWallet(n.listsinceblock), Wallet: true,
			Doc: "Lists the wallet's history since a block.\nWhat is unconfirmed is there too. If the block has left the best chain, the list begins where its branch parts from it.",
			Params: []Param{
				{Name: "blockhash", Type: StringParam, DefaultHint: "everything", Doc: "The hash of the block"},
				{Name: "target_confirmations", Type: IntParam, Default: 1, Doc: "lastblock is the block that has so many confirmations. Give it as blockhash the next time."},
				watchonlyParam(),
				{Name: "include_removed", Type: BoolParam, Default: true, Doc: "Also list what was in blocks that have left the best chain"},
				{Name: "include_change", Type: BoolParam, Default: false, Doc: "Must be false: change is not listed"},
				{Name: "label", Type: StringParam, DefaultHint: "everything", Doc: "Only what was received on addresses with this label"},
			},
			Result: Record("", "",
				List("transactions", "The entries, the oldest first", historySchema()),
				List("removed", "The entries of transactions in blocks since blockhash that have left the best chain; they may be in others by now", historySchema()).Opt(),
				Hash("lastblock", "The hash to go on from")),
			Example: `["` + exampleTxid + `", 6]`,
		},
		{
			Name: "gettransaction", Handler: n.withWallet(n.gettransaction), Wallet: true,
			Doc: "Tells about one of the wallet's transactions.",
			Params: []Param{
				txid, watchonlyParam(),
				{Name: "verbose", Type: BoolParam, Default: false, Doc: "Whether to decode the transaction"},
			},
			Result: Record("", "", append(append([]Schema{
				Coins("amount", "What it brought to the wallet, without the fee"),
				Coins("fee", "The fee, below 0; only of the wallet's payments").Opt(),
			}, txStateSchema()...),
				List("details", "Its entries in the history", Record("", "An entry", historyEntrySchema()...)),
				Hex("hex", "The transaction"),
				Record("decoded", "The same, decoded; with verbose only", txSchema(txShape{change: true})...).Opt(),
				lastBlockSchema())...),
			Example: `["` + exampleTxid + `"]`,
		},
		{
			Name: "abandontransaction", Handler: n.abandontransaction, Wallet: true,
			Doc:     "Gives up a transaction that is in no block and not in the mempool.\nIts coins, and those of the wallet's transactions that depend on it, can be spent again.",
			Params:  []Param{txid},
			Result:  Null("", ""),
			Example: `["` + exampleTxid + `"]`,
		},
	}
}

// historyEntrySchema describes a historyEntry.
func historyEntrySchema() []Schema {
	return []Schema{
		Text("address", "The address; absent if the output has none").Opt(),
		List("parent_descs", "The descriptor of all addresses like it, of what was received", Text("", "A descriptor")).Opt(),
		Text("category", "send, receive, or for coinbases generate, immature and orphan"),
		Coins("amount", "The value, below 0 for send"),
		Text("label", "The label of the address").Opt(),
		Integer("vout", "The index of the output"),
		Coins("fee", "The fee of the transaction, below 0; for send only").Opt(),
		Boolean("abandoned", "Whether it was given up"),
	}
}

// txStateSchema describes a txState.
func txStateSchema() []Schema {
	return []Schema{
		Integer("confirmations", "How many blocks there are from its own to the tip; below 0 for one that blocks contradict"),
		Boolean("generated", "Whether it is a coinbase").Opt(),
		Hash("blockhash", "Its block").Opt(),
		Integer("blockheight", "The height of that block").Opt(),
		Integer("blockindex", "Its place in that block").Opt(),
		Timestamp("blocktime", "The time of that block").Opt(),
		Boolean("trusted", "Whether it is safe to spend from; only while it is unconfirmed").Opt(),
		Boolean("in_mempool", "Whether the mempool has it; only while it is unconfirmed").Opt(),
		Hash("txid", "The transaction id"),
		Hash("wtxid", "The hash with the witness"),
		List("walletconflicts", "Other transactions of the wallet that spend the same", Hash("", "A transaction id")),
		List("mempoolconflicts", "Transactions in the mempool that spend what it or one it depends on spends", Hash("", "A transaction id")),
		Timestamp("time", "When the wallet saw it first, at most its block's time"),
		Timestamp("timereceived", "When the wallet saw it first"),
		Text("comment", "What it is for, as sendtoaddress was told").Opt(),
		Text("to", "Who gets it, as sendtoaddress was told").Opt(),
		Integer("maturing", "How many blocks until it can be spent; only for an immature coinbase").Opt(),
	}
}

func historySchema() Schema {
	return Record("", "An entry", append(historyEntrySchema(), txStateSchema()...)...)
}

// txState is what is told of a transaction everywhere (Core: WalletTxToJSON).
type txState struct {
	Confirmations    int32    `json:"confirmations"`
	Generated        bool     `json:"generated,omitempty"`
	BlockHash        string   `json:"blockhash,omitempty"`
	BlockHeight      *int32   `json:"blockheight,omitempty"`
	BlockIndex       *int     `json:"blockindex,omitempty"`
	BlockTime        *int64   `json:"blocktime,omitempty"`
	Trusted          *bool    `json:"trusted,omitempty"`
	InMempool        *bool    `json:"in_mempool,omitempty"` // not in Core
	Txid             string   `json:"txid"`
	Wtxid            string   `json:"wtxid"`
	WalletConflicts  []string `json:"walletconflicts"`
	MempoolConflicts []string `json:"mempoolconflicts"`
	Time             int64    `json:"time"`
	TimeReceived     int64    `json:"timereceived"`
	Comment          string   `json:"comment,omitempty"`
	To               string   `json:"to,omitempty"`
	Maturing         int32    `json:"maturing,omitempty"`
}

func newTxState(w *wallet.Wallet, t *ledger.Transaction) txState {
	s := txState{
		Confirmations: t.Confirmations, Generated: t.Coinbase, Txid: t.Tx.ID().String(), Wtxid: t.Tx.WitnessID().String(),
		WalletConflicts: hashes(t.Conflicts), MempoolConflicts: hashes(t.MempoolConflicts),
		Time: t.Time(), TimeReceived: t.Received,
	}
	note := w.Note(t.Tx.ID())
	s.Comment, s.To = note.Comment, note.To
	if t.State != ledger.Confirmed {
		inMempool := t.State == ledger.InMempool
		s.Trusted, s.InMempool = &t.Trusted, &inMempool
		return s
	}
	s.BlockHash, s.BlockHeight, s.BlockIndex, s.BlockTime = t.Block.String(), &t.Height, &t.Index, &t.BlockTime
	s.Maturing = t.Maturing
	return s
}

// historyEntry is one output (Core: ListTransactions).
type historyEntry struct {
	Address     string   `json:"address,omitempty"`
	ParentDescs []string `json:"parent_descs,omitempty"`
	Category    string   `json:"category"`
	Amount      Amount   `json:"amount"`
	Label       *string  `json:"label,omitempty"`
	Vout        uint32   `json:"vout"`
	Fee         *Amount  `json:"fee,omitempty"`
	Abandoned   bool     `json:"abandoned"`
	*txState
}

// history writes entries; with states it tells of each its transaction.
func history(w *wallet.Wallet, list []wallet.HistoryEntry, states bool) []historyEntry {
	parents := parentDescs{w: w}
	entries := make([]historyEntry, 0, len(list))
	for i := range list {
		h := &list[i]
		e := historyEntry{
			Address: h.Address.String(), Category: string(h.Category), Amount: Amount(h.Value), Vout: h.Vout,
			Abandoned: h.Tx.State == ledger.Abandoned,
		}
		if h.Labelled {
			e.Label = &h.Label
		}
		if h.Category == ledger.Send {
			fee := Amount(h.Tx.Fee)
			e.Fee = &fee
		} else {
			e.ParentDescs = parents.of(h.Path)
		}
		if states {
			s := newTxState(w, h.Tx)
			e.txState = &s
		}
		entries = append(entries, e)
	}
	return entries
}

func listtransactions(c *Call, w *wallet.Wallet) (any, error) {
	var only *string
	if label := c.Text("label"); label != "*" {
		label, err := labelParam(c, "label")
		if err != nil {
			return nil, err
		}
		if label == "" {
			return nil, Errorf(CodeParameter, `Label argument must be a valid label name or "*".`)
		}
		only = &label
	}
	count, err := int32Param(c, "count")
	if err != nil {
		return nil, err
	}
	skip, err := int32Param(c, "skip")
	switch {
	case err != nil:
		return nil, err
	case count < 0:
		return nil, Errorf(CodeParameter, "Negative count")
	case skip < 0:
		return nil, Errorf(CodeParameter, "Negative from")
	}
	return history(w, w.ListTransactions(int(count), int(skip), only), true), nil
}

type walletTx struct {
	Amount Amount  `json:"amount"`
	Fee    *Amount `json:"fee,omitempty"`
	txState
	Details   []historyEntry `json:"details"`
	Hex       string         `json:"hex"`
	Decoded   *txResult      `json:"decoded,omitempty"`
	LastBlock lastBlock      `json:"lastprocessedblock"`
}

func (n *nodeMethods) gettransaction(c *Call, w *wallet.Wallet) (any, error) {
	t, entries, err := w.Transaction(c.Hash("txid"))
	if err != nil {
		return nil, err
	}
	res := &walletTx{
		Amount: Amount(t.Amount()), txState: newTxState(w, t), Details: history(w, entries, false),
		Hex: hex.EncodeToString(t.Tx.Bytes()), LastBlock: lastBlockOf(w),
	}
	if t.FromMe {
		fee := Amount(t.Fee)
		res.Fee = &fee
	}
	if c.Bool("verbose") {
		v, release := n.Node.Acquire()
		decoded := newTxResult(t.Tx, txDetail{codec: codecOf(v)})
		release()
		for i, out := range t.Tx.Msg.TxOut {
			decoded.Out[i].IsChange = w.IsChange(out.PkScript)
		}
		res.Decoded = &decoded
	}
	return res, nil
}

func (n *nodeMethods) abandontransaction(ctx context.Context, c *Call) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	name, named := c.Wallet()
	if err := all.Abandon(ctx, name, named, c.Hash("txid")); err != nil {
		return nil, walletError(err, named)
	}
	return nil, nil
}
