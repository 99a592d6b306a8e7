package wallets

import (
	"path/filepath"
	"testing"

	"orrery/core/chain"
	"orrery/plugins/pebble"
)

// A payment whose block was left, which cannot come back into the mempool yet,
// and which the wallet had no time to store before the node died.
func TestRecall(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	r.fund("default", 3)
	paid := w.text("sendtoaddress", nobody, 60) // locked to the present height
	change := w.text("sendtoaddress", nobody, 50)
	r.generate(1, nobody)
	var height int
	w.must(&height, "getblockcount")
	revoked := w.text("getblockhash", height-1)
	w.must(nil, "invalidateblock", revoked)
	want := r.balance("default")
	r.stop()

	store, err := pebble.Open(pebble.Config{Dir: filepath.Join(r.dir, "chain")})
	if err != nil {
		t.Fatal(err)
	}
	var lost chain.Batch
	err = store.MetaRange("wallet/", func(key string, _ []byte) error {
		lost.Meta = append(lost.Meta, chain.KV{Key: key})
		return nil
	})
	if err == nil && len(lost.Meta) == 0 {
		t.Fatal("the wallet has stored nothing that could be lost")
	}
	if err == nil {
		err = store.Commit(&lost, true)
	}
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}

	r.start()
	w = r.on("default")
	for _, txid := range []string{paid, change} {
		var got tx
		if w.must(&got, "gettransaction", txid); got.Confirmations != 0 {
			t.Errorf("%+v", got)
		}
	}
	if b := r.balance("default"); b != want {
		t.Errorf("recalled: %+v, want %+v", b, want)
	}
	w.must(nil, "reconsiderblock", revoked)
	r.checkScan()
	var got tx
	if w.must(&got, "gettransaction", paid); got.Confirmations != 1 {
		t.Errorf("mined again: %+v", got)
	}
}

// A payment that the mempool refuses leaves nothing behind, one that it takes
// is filed once.
func TestAnnounced(t *testing.T) {
	r := newRig(t)
	r.fund("default", 2)
	r.limits.MinRelay = 100_000
	r.restart()
	w := r.on("default")
	send := map[string]any{"address": nobody, "amount": 1, "fee_rate": 1, "comment": "c"}
	if err := w.try(nil, "sendtoaddress", send); err == nil {
		t.Fatal("the mempool takes a payment below its least fee")
	}
	filed := func() (n int) {
		v, release := r.host.Acquire()
		defer release()
		err := v.Store.MetaRange("wallet/", func(string, []byte) error { n++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := filed(); n != 0 {
		t.Errorf("%d records are left of a refused payment", n)
	}
	send["fee_rate"] = 200
	if err := w.try(nil, "sendtoaddress", send); err != nil {
		t.Fatal(err)
	}
	if n := filed(); n != 2 {
		t.Errorf("%d records of a payment with a note", n)
	}
}
