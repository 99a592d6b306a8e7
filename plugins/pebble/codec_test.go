package pebble

import (
	"bytes"
	"math"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// TestGoldenRecords pins the bytes on disk: a change here needs a new format
// number.
func TestGoldenRecords(t *testing.T) {
	o := wire.OutPoint{Hash: chainhash.Hash{0: 0xaa, 31: 0xbb}, Index: 258}
	txid := append(append([]byte{0xaa}, make([]byte, 30)...), 0xbb)
	c := consensus.Coin{Value: 300, Script: []byte{0x51, 0x52}, Height: 200, Coinbase: true}
	e := chain.Entry{Seq: 1, Header: consensus.Header{Version: 4, Nonce: 7}, Status: chain.HaveBody | chain.Failed, TxN: 1, Size: 300, Issued: 7, Reason: "high-hash"}
	h := e.Header.Bytes()
	for _, r := range []struct {
		name      string
		got, want []byte
	}{
		{"coin key", coinKey(nil, &o), append(append([]byte{'c'}, txid...), 0, 0, 1, 2)},
		{"coin", appendCoin(nil, &c), []byte{0x91, 0x03, 0xac, 0x02, 0x51, 0x52}},
		{"undo", appendUndo(nil, []consensus.Coin{c, {}}), []byte{2, 0x91, 0x03, 0xac, 0x02, 2, 0x51, 0x52, 0, 0, 0}},
		{"body key", seqKey(nil, kindBody, 258), []byte{'b', 0, 0, 0, 0, 0, 0, 1, 2}},
		{"entry", appendEntry(nil, &e), append(append(h[:], 5, 1, 0xac, 0x02, 7), "high-hash"...)},
		{"transaction key", txKey(nil, &o.Hash), append([]byte{'t'}, txid...)},
		{"transaction", appendTxPos(nil, chain.TxPos{Seq: 300, Index: 1}), []byte{0xac, 0x02, 1}},
		{"name", metaKey(nil, "ab"), []byte{'m', 'a', 'b'}},
	} {
		if !bytes.Equal(r.got, r.want) {
			t.Errorf("%s is %x, want %x", r.name, r.got, r.want)
		}
	}
}

// FuzzRecords feeds every decoder: none may panic or allocate beyond its
// input, and what decodes encodes to a record that decodes to the same.
func FuzzRecords(f *testing.F) {
	big := consensus.Coin{Value: math.MaxInt64, Script: make([]byte, 300), Height: math.MaxInt32, Coinbase: true}
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add(appendCoin(nil, &big))
	f.Add(appendUndo(nil, []consensus.Coin{big, {}, big}))
	f.Add(appendEntry(nil, &chain.Entry{TxN: math.MaxUint32, Size: math.MaxUint32, Reason: "x"}))
	f.Add(appendTxPos(nil, chain.TxPos{Seq: math.MaxUint64, Index: math.MaxUint32}))
	key := seqKey(nil, kindEntry, 5)
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := parseCoin(b); err == nil {
			d, err := parseCoin(appendCoin(nil, c))
			if err != nil || d.Value != c.Value || d.Height != c.Height || d.Coinbase != c.Coinbase || !bytes.Equal(d.Script, c.Script) {
				t.Errorf("coin %v became %v, %v", c, d, err)
			}
		}
		if u, err := parseUndo(b); err == nil {
			again := appendUndo(nil, u)
			v, err := parseUndo(again)
			if err != nil || len(v) != len(u) || !bytes.Equal(appendUndo(nil, v), again) {
				t.Errorf("undo %v became %v, %v", u, v, err)
			}
		}
		if e, err := parseEntry(key, b); err == nil {
			if x, err := parseEntry(key, appendEntry(nil, &e)); err != nil || x != e {
				t.Errorf("entry %v became %v, %v", e, x, err)
			}
		}
		if p, err := parseTxPos(b); err == nil {
			if q, err := parseTxPos(appendTxPos(nil, p)); err != nil || q != p {
				t.Errorf("position %v became %v, %v", p, q, err)
			}
		}
	})
}

func TestAfter(t *testing.T) {
	for _, c := range []struct{ prefix, want string }{{"m", "n"}, {"ma", "mb"}, {"m\xff", "n"}, {"ma\xff\xff", "mb"}} {
		if got := after([]byte(c.prefix)); string(got) != c.want {
			t.Errorf("after(%q) = %q, want %q", c.prefix, got, c.want)
		}
	}
}
