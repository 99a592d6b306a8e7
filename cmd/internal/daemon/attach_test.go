package daemon

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	names "orrery/core/directory"
	"orrery/core/protocol"
)

// oneKey is a wallet with one key.
type oneKey struct {
	key    *btcec.PrivateKey
	script []byte
}

func (w oneKey) Has(script []byte) bool { return bytes.Equal(script, w.script) }

func (w oneKey) SignAttachment(network [32]byte, a *protocol.Wallet) error {
	return names.Attach(w.key, network, a)
}

// TestAttacher: what wallets say, when.
func TestAttacher(t *testing.T) {
	mine, other := signedClaim(t, "shop", 1), signedClaim(t, "bank", 2)
	key, _ := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{1}, 32))
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(new(wire.TxIn))
	for _, c := range []names.Claim{mine, other} {
		tx.AddTxOut(wire.NewTxOut(0, c.OutputScript()))
	}
	table := names.NewTable([32]byte{})
	loaded := []keeper{oneKey{key, mine.Script}}
	now := time.Unix(1_700_000_000, 0)
	var said []protocol.Wallet
	var fails error
	a := &attacher{
		now:     func() time.Time { return now },
		wallets: func() []keeper { return loaded }, problem: func(string, error) {},
		tell: func(_ context.Context, w protocol.Wallet) error {
			said = append(said, w)
			return fails
		},
	}
	const claimed = 5
	want := func(what string, after time.Duration, id uint32, tip int32, count int) {
		t.Helper()
		now, said = now.Add(after), nil
		a.look(t.Context(), table, id, tip)
		if len(said) != count || count > 0 && (said[0].Name != "shop" || said[0].NodeID != id || names.CheckAttachment([32]byte{}, &said[0]) != nil) {
			t.Errorf("%s: %+v", what, said)
		}
	}
	want("no names", 0, 8000, claimed, 0)
	table, _ = table.Apply(consensus.NewBlock(consensus.Header{}, []*consensus.Tx{consensus.NewTx(tx)}), claimed)
	want("no ID yet", 0, 0, claimed+1, 0)
	want("one block", 0, 8000, claimed, 0)
	want("two blocks", 0, 8000, claimed+1, 1)
	first := said[0].Seq
	want("soon again", time.Second, 8000, claimed+2, 0)
	want("another ID, too soon", time.Second, 8001, claimed+2, 0)
	want("another ID", attachAgain, 8001, claimed+2, 1)
	want("an hour's quarter", attachEvery/2, 8001, claimed+2, 0)
	want("half an hour", attachEvery/2, 8001, claimed+2, 1)
	if said[0].Seq <= first {
		t.Errorf("number %d after %d", said[0].Seq, first)
	}
	last := said[0].Seq
	want("the clock is set back", -24*time.Hour, 8001, claimed+2, 1)
	if said[0].Seq <= last {
		t.Errorf("number %d after %d", said[0].Seq, last)
	}
	fails = errors.New("no")
	want("refused", attachEvery, 8001, claimed+2, 1)
	want("refused, soon again", time.Second, 8001, claimed+2, 0)
	fails = nil
	want("refused, again", attachAgain, 8001, claimed+2, 1)
	loaded = nil
	want("unloaded", attachEvery, 8001, claimed+2, 0)
}
