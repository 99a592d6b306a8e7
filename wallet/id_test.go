package wallet

import (
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2/hdkeychain"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/wallet/keys"
	"orrery/wallet/ledger"
	"orrery/wallet/payment"
)

// abandon is BIP39's first test vector; its fingerprint is well known.
const abandon = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"

func TestDescriptors(t *testing.T) {
	w, err := Create(config(t), abandon, ledger.NoTip)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if id := w.ID(); hex.EncodeToString(id[:4]) != "73c5da0a" {
		t.Errorf("fingerprint %x", id[:4])
	}
	for kind, form := range map[keys.Purpose]string{keys.BIP44: "pkh", keys.BIP84: "wpkh"} {
		a := newAddress(t, w, kind)
		info, err := w.AddressInfo(a.String())
		if err != nil {
			t.Fatal(err)
		}
		want := regexp.MustCompile(`^` + form + `\(\[73c5da0a/(44|84)h/1h/0h/0\](tpub[0-9A-Za-z]+)/\*\)$`)
		found := want.FindStringSubmatch(w.Descriptor(info.Path.Branch))
		if found == nil {
			t.Fatalf("%s does not match %v", w.Descriptor(info.Path.Branch), want)
		}
		// Who has the descriptor finds the address.
		branch, err := hdkeychain.NewKeyFromString(found[2])
		if err != nil {
			t.Fatal(err)
		}
		child, err := branch.Derive(info.Path.Index)
		if err != nil {
			t.Fatal(err)
		}
		pub, err := child.ECPubKey()
		if err != nil {
			t.Fatal(err)
		}
		key := hex.EncodeToString(pub.SerializeCompressed())
		if got := w.KeyDescriptor(info.Path); got != form+"([73c5da0a/"+found[1]+"h/1h/0h/0/0]"+key+")" || key != hex.EncodeToString(info.PubKey) {
			t.Errorf("%s, the key is %s", got, key)
		}
	}
	if got := strings.Join(w.Paths(), " "); got != "m/44h/1h/0h/0 m/44h/1h/0h/1 m/84h/1h/0h/0 m/84h/1h/0h/1" || w.Gap() != restoredGap {
		t.Errorf("paths %s, gap %d", got, w.Gap())
	}
}

func TestNotes(t *testing.T) {
	w := newWallet(t)
	id := chainhash.Hash{1}
	w.SetNote(id, Note{"pizza", "jeremy"})
	other := newWallet(t)
	if err := other.RestoreNote(id, w.Note(id).Record()); err != nil || other.Note(id) != (Note{"pizza", "jeremy"}) {
		t.Errorf("%v %+v", err, other.Note(id))
	}
	w.SetNote(id, Note{})
	if w.Note(id) != (Note{}) || w.Note(id).Record() != nil {
		t.Errorf("%+v is still there", w.Note(id))
	}
	if err := w.RestoreNote(id, []byte("{")); err == nil {
		t.Error("a damaged note was taken")
	}
	if (Note{Comment: strings.Repeat("x", MaxNote+1)}).Check() == nil || (Note{To: strings.Repeat("x", MaxNote)}).Check() != nil {
		t.Error("the limit is not kept")
	}
}

// What the mempool had for a moment only stays pending and keeps its coins.
func TestKeep(t *testing.T) {
	c := newChain()
	w := newWallet(t)
	fund(t, w, c, 1)
	p, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Keep(p.Tx); err != nil {
		t.Fatal(err)
	}
	w.Release(p.Tx)
	if list := w.Waiting(); len(list) != 1 || list[0] != p.Tx {
		t.Errorf("waiting: %v", list)
	}
	if b := w.Balance(0, false); b.Trusted != 0 {
		t.Errorf("its coin is free: %+v", b)
	}
	if changes := w.PendingChanges(); len(changes) != 1 || changes[0].Record == nil {
		t.Errorf("to be stored: %+v", changes)
	}
	if _, err := w.MempoolAdd(p.Tx); err != nil || len(w.Waiting()) != 0 {
		t.Errorf("in the mempool it waits still: %v", err)
	}
	if err := w.Keep(p.Tx); err != nil || len(w.Waiting()) != 0 {
		t.Errorf("a known transaction was changed: %v", err)
	}
	if change := p.Tx.Msg.TxOut[p.ChangeAt].PkScript; !w.IsChange(change) || w.IsChange(foreign) {
		t.Error("change is not told from the rest")
	}
	if o := (wire.OutPoint{Hash: p.Tx.ID(), Index: uint32(p.ChangeAt)}); !w.HasCoin(o) || w.HasCoin(p.Tx.Msg.TxIn[0].PreviousOutPoint) {
		t.Error("HasCoin does not tell what is unspent")
	}
}

func TestUnbuildable(t *testing.T) {
	w := newWallet(t)
	for _, c := range []struct {
		outs []Output
		opt  SendOptions
		want error
	}{
		{nil, SendOptions{FeeRate: 1000}, payment.ErrNoOutputs},
		{pay(foreign, -1), SendOptions{FeeRate: 1000}, payment.ErrAmount},
		{pay(foreign, 1e8), SendOptions{}, payment.ErrFeeRate},
	} {
		if _, err := w.CreateTransaction(c.outs, c.opt); !errors.Is(err, c.want) || !Unbuildable(err) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	if _, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 1000}); err == nil || Unbuildable(err) {
		t.Errorf("no coins: %v", err)
	}
}
