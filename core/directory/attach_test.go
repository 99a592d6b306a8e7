package directory

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"orrery/core/protocol"
)

const second = int64(1_000_000_000)

func attachment(p person, name string, seq, node uint32) protocol.Wallet {
	w := protocol.Wallet{Name: name, Script: p.script, Seq: seq, NodeID: node}
	if err := Attach(p.key, network, &w); err != nil {
		panic(err)
	}
	return w
}

func TestAttach(t *testing.T) {
	for i, p := range people {
		w := attachment(p, "shop", 3, 8001)
		if err := CheckAttachment(network, &w); err != nil {
			t.Errorf("person %d: %v", i, err)
		}
		if CheckAttachment([32]byte{}, &w) == nil {
			t.Errorf("person %d: valid on another network", i)
		}
		// It is no claim, and a claim is none.
		c := Claim{Name: w.Name, Seq: w.Seq, Script: w.Script, Signature: w.Signature}
		if NewTable(network).Check(&c) == nil {
			t.Errorf("person %d: an attachment is a claim", i)
		}
		for what, change := range map[string]func(*protocol.Wallet){
			"name": func(w *protocol.Wallet) { w.Name = "chop" }, "seq": func(w *protocol.Wallet) { w.Seq++ }, "node": func(w *protocol.Wallet) { w.NodeID++ },
			"script": func(w *protocol.Wallet) { w.Script = people[(i+3)%6].script }, "bad name": func(w *protocol.Wallet) { w.Name = "-" },
			"no script": func(w *protocol.Wallet) { w.Script = nil }, "no signature": func(w *protocol.Wallet) { w.Signature = nil },
		} {
			bad := w
			if change(&bad); !errors.Is(CheckAttachment(network, &bad), ErrMalformed) {
				t.Errorf("person %d: another %s changes nothing", i, what)
			}
		}
	}
	if err := Attach(alice.key, network, &protocol.Wallet{Name: "A", Script: alice.script}); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
	if err := Attach(bob.key, network, &protocol.Wallet{Name: "a", Script: alice.script}); err == nil {
		t.Error("attached with another's key")
	}
}

func TestAttachments(t *testing.T) {
	a := NewAttachments(network)
	want := func(err error, now int64, w protocol.Wallet, holder []byte) {
		t.Helper()
		if got := a.Add(now, w, holder); !errors.Is(got, err) {
			t.Errorf("%s at %d: %v, want %v", w.Name, now/second, got, err)
		}
	}
	first := attachment(alice, "shop", 1, 8000)
	want(nil, 0, first, nil)
	want(ErrStale, 0, first, nil)
	want(ErrStale, AttachEvery-1, attachment(alice, "shop", 2, 8001), nil)
	want(nil, AttachEvery, attachment(alice, "shop", 2, 8001), nil)
	want(ErrStale, 2*AttachEvery, first, nil)
	want(ErrStale, 0, attachment(bob, "shop", 9, 8002), nil) // first come, as long as the chain says nothing
	want(ErrNotHolder, 0, attachment(alice, "shop", 3, 8001), bob.script)
	want(nil, 0, attachment(bob, "shop", 1, 8002), bob.script)
	forged := attachment(bob, "shop", 2, 8002)
	forged.NodeID = 8003
	want(ErrMalformed, AttachEvery, forged, bob.script)
	if w, ok := a.Now().Get(0, "shop"); !ok || w.NodeID != 8002 || a.Len() != 1 || a.unclaimed != 0 {
		t.Errorf("%+v, %+v", w, a)
	}
	if _, ok := a.Now().Get(AttachTime, "shop"); ok {
		t.Error("believed for ever")
	}
	for w := range a.Now().From(AttachTime, "") {
		t.Errorf("believed for ever: %+v", w)
	}
	// What has faded away hinders nobody.
	want(nil, AttachTime, attachment(alice, "shop", 1, 8000), nil)
	a.Judge("shop", alice.script)
	a.Judge("nobody", alice.script)
	if a.unclaimed != 0 || a.Len() != 1 {
		t.Errorf("%+v", a)
	}
	a.Judge("shop", nil)
	if a.unclaimed != 1 {
		t.Errorf("%+v", a)
	}
	a.Judge("shop", bob.script)
	if a.unclaimed != 0 || a.Len() != 0 {
		t.Errorf("%+v", a)
	}
}

func TestAttachmentsAreBounded(t *testing.T) {
	a := NewAttachments(network)
	for i := range MaxUnclaimed {
		if err := a.Add(int64(i), attachment(alice, fmt.Sprint("n", i), 0, 0), nil); err != nil {
			t.Fatal(err)
		}
	}
	late := attachment(alice, "late", 0, 0)
	if err := a.Add(0, late, nil); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if err := a.Add(0, attachment(bob, "bob", 0, 0), bob.script); err != nil {
		t.Errorf("a name on the chain: %v", err)
	}
	if err := a.Add(AttachEvery, attachment(bob, "bob", 1, 0), nil); !errors.Is(err, ErrFull) {
		t.Errorf("a name that the chain has left: %v", err)
	}
	names := slices.Collect(func(yield func(string) bool) {
		for w := range a.Now().From(0, "") {
			if !yield(w.Name) {
				return
			}
		}
	})
	if len(names) != MaxUnclaimed+1 || !slices.IsSorted(names) {
		t.Errorf("%d names: %v", len(names), names)
	}
	if err := a.Add(AttachTime+5, late, nil); err != nil || a.Len() > MaxUnclaimed || a.unclaimed != a.Len() {
		t.Errorf("%v, %d kept, %d unclaimed", err, a.Len(), a.unclaimed)
	}
}

// TestReview: what the chain or time has taken is forgotten; what was shown
// before stays as it was.
func TestReview(t *testing.T) {
	a := NewAttachments(network)
	for i, name := range []string{"gone", "kept", "lost", "old"} {
		came := int64(i) // the last one came first
		if name == "old" {
			came = -AttachTime
		}
		if err := a.Add(came, attachment(alice, name, 1, 8000), alice.script); err != nil {
			t.Fatal(err)
		}
	}
	before := a.Now()
	a.Review(0, func(name string) []byte {
		return map[string][]byte{"kept": alice.script, "lost": bob.script}[name]
	})
	var names []string
	for w := range a.Now().From(0, "") {
		names = append(names, w.Name)
	}
	if !slices.Equal(names, []string{"gone", "kept"}) || a.Len() != 2 || a.unclaimed != 1 {
		t.Errorf("%v, %d kept, %d unclaimed", names, a.Len(), a.unclaimed)
	}
	if _, ok := before.Get(0, "lost"); !ok {
		t.Error("what was shown has changed")
	}
	for w := range before.From(0, "l") {
		if w.Name != "lost" {
			t.Errorf("%s from l on", w.Name)
		}
	}
}
