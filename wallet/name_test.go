package wallet

import (
	"errors"
	"testing"

	"orrery/core/directory"
	"orrery/core/protocol"
	"orrery/wallet/keys"
)

func TestSignNames(t *testing.T) {
	w, other := newWallet(t), newWallet(t)
	network := [32]byte{1}
	for _, kind := range []keys.Purpose{keys.BIP44, keys.BIP84} {
		script := newAddress(t, w, kind).Script()
		c := directory.Claim{Name: "shop", Seq: 1, Script: script}
		if err := w.SignClaim(network, &c, script); err != nil {
			t.Fatal(err)
		}
		if err := directory.NewTable(network).Check(&c); err != nil {
			t.Errorf("%v: %v", kind, err)
		}
		a := protocol.Wallet{Name: "shop", Script: script, Seq: 1, NodeID: 8000}
		if err := w.SignAttachment(network, &a); err != nil {
			t.Fatal(err)
		}
		if err := directory.CheckAttachment(network, &a); err != nil {
			t.Errorf("%v: %v", kind, err)
		}
		if !w.Has(script) || other.Has(script) {
			t.Errorf("%v: has %t, another %t", kind, w.Has(script), other.Has(script))
		}
		if err := other.SignClaim(network, &c, script); !errors.Is(err, ErrNotOwn) {
			t.Error(err)
		}
		if err := other.SignAttachment(network, &a); !errors.Is(err, ErrNotOwn) {
			t.Error(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.SignClaim(network, new(directory.Claim), nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
