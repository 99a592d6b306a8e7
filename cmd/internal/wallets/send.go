package wallets

import (
	"context"
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/wallet"
)

// Send builds a payment, hands it to the mempool and returns when the disk has
// it. When the mempool refuses it, with a *consensus.RuleError, the coins are
// free again; if that is because the tip has moved meanwhile, which takes coins
// away and leaves lock times in the future, the payment is built once more.
// Other errors: Use's, wallet.CreateTransaction's.
func (w *Wallets) Send(ctx context.Context, name string, named bool, outs []wallet.Output, opt wallet.SendOptions, note wallet.Note) (*wallet.Payment, error) {
	o, p, tip, err := w.build(ctx, name, named, outs, opt)
	if err != nil {
		return nil, err
	}
	err = w.send(ctx, o, p, note)
	var rule *consensus.RuleError
	if !errors.As(err, &rule) || w.tip() == tip {
		return p, err
	}
	if o, p, _, err = w.build(ctx, name, named, outs, opt); err != nil {
		return nil, err
	}
	return p, w.send(ctx, o, p, note)
}

func (w *Wallets) tip() chainhash.Hash {
	v, release := w.node.Acquire()
	defer release()
	return v.Tip.Hash
}

func (w *Wallets) send(ctx context.Context, o *open, p *wallet.Payment, note wallet.Note) error {
	// Once the mempool may have it, nobody can take it back: a client that
	// goes away changes nothing.
	ctx = context.WithoutCancel(ctx)
	if err := w.announce(ctx, o, p.Tx, note); err != nil {
		return err
	}
	if _, err := w.node.SubmitTx(ctx, p.Tx, false); err != nil {
		return w.refused(ctx, o, p, note, err)
	}
	if err := w.follow(ctx, o); err != nil {
		return err
	}
	return w.accepted(ctx, o, p.Tx)
}

// build also tells on which tip the payment was built.
func (w *Wallets) build(ctx context.Context, name string, named bool, outs []wallet.Output, opt wallet.SendOptions) (o *open, p *wallet.Payment, tip chainhash.Hash, err error) {
	if o, err = w.find(name, named); err != nil {
		return nil, nil, tip, err
	}
	err = w.Use(ctx, o.Name(), true, func(loaded *wallet.Wallet) error {
		tip = loaded.Tip().Hash
		p, err = loaded.CreateTransaction(outs, opt)
		return err
	})
	return o, p, tip, err
}

// announce files a payment in the store before the mempool has it: the disk gets
// both at once. The stored mempool alone would not do, since a start after a
// crash drops what does not fit the chain at that moment.
func (w *Wallets) announce(ctx context.Context, o *open, tx *consensus.Tx, note wallet.Note) error {
	txid := tx.ID()
	values := []chain.KV{{Key: o.prefix + pendingMark + string(txid[:]), Value: wallet.PendingRecord(tx, w.cfg.Now())}}
	if note != (wallet.Note{}) {
		o.SetNote(txid, note)
		values = append(values, chain.KV{Key: o.prefix + noteMark + string(txid[:]), Value: note.Record()})
	}
	return w.node.PutMeta(ctx, values)
}

// refused gives the coins back, but only if the mempool has said no: of any
// other failure nobody knows whether the payment is on its way.
func (w *Wallets) refused(ctx context.Context, o *open, p *wallet.Payment, note wallet.Note, err error) error {
	var rule *consensus.RuleError
	if !errors.As(err, &rule) {
		return err
	}
	o.Release(p.Tx)
	txid := p.Tx.ID()
	values := []chain.KV{{Key: o.prefix + pendingMark + string(txid[:])}}
	if note != (wallet.Note{}) {
		o.SetNote(txid, wallet.Note{})
		values = append(values, chain.KV{Key: o.prefix + noteMark + string(txid[:])})
	}
	return errors.Join(err, w.node.PutMeta(ctx, values))
}

// accepted sees to a payment that left the mempool again, into a block or out
// of it, before the wallet saw it there.
func (w *Wallets) accepted(ctx context.Context, o *open, tx *consensus.Tx) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Release(tx) // its coins are spent now
	if err := o.Keep(tx); err != nil {
		return err
	}
	return w.store(ctx, o)
}

// Draft builds a payment without sending it. Its coins are free for others,
// unless they are to be locked.
func (w *Wallets) Draft(ctx context.Context, name string, named bool, outs []wallet.Output, opt wallet.SendOptions, lock bool) (*wallet.Payment, error) {
	o, p, _, err := w.build(ctx, name, named, outs, opt)
	if err != nil {
		return nil, err
	}
	if lock {
		coins := make([]wire.OutPoint, len(p.Tx.Msg.TxIn))
		for i, in := range p.Tx.Msg.TxIn {
			coins[i] = in.PreviousOutPoint
		}
		err = o.Lock(coins)
	}
	o.Release(p.Tx)
	return p, err
}

// Abandon gives up a transaction that is not in the mempool; the disk has that
// when it returns.
func (w *Wallets) Abandon(ctx context.Context, name string, named bool, txid chainhash.Hash) error {
	o, err := w.find(name, named)
	if err != nil {
		return err
	}
	if err := w.follow(ctx, o); err != nil {
		return err
	}
	o.mu.Lock()
	err = o.Abandon(txid)
	if err == nil {
		err = w.store(ctx, o)
	}
	o.mu.Unlock()
	if err != nil {
		return err
	}
	return w.node.Flush(ctx)
}
