package storetest

import (
	"errors"
	"slices"
	"testing"

	"orrery/core/chain"
	"orrery/core/consensus"
)

func testMeta(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	set := func(kvs ...chain.KV) {
		t.Helper()
		commit(t, s, m, &chain.Batch{Meta: kvs})
		check(t, s, m)
	}
	set(chain.KV{Key: "", Value: []byte("empty name")}, chain.KV{Key: "a", Value: []byte{}}, chain.KV{Key: "a\x00", Value: []byte{0}})
	if v, err := s.Meta("a"); v == nil || len(v) != 0 || err != nil {
		t.Fatalf("Meta of an empty value = %v, %v, want empty and not nil", v, err)
	}
	set(chain.KV{Key: "a", Value: []byte("2")}, chain.KV{Key: "b", Value: []byte("3")})
	set(chain.KV{Key: "a"})
	set(chain.KV{Key: "a"}, chain.KV{Key: "missing"})
	if v, err := s.Meta("a"); v != nil || err != nil {
		t.Fatalf("Meta of a deleted name = %v, %v, want nil, nil", v, err)
	}
	set(chain.KV{Key: ""}, chain.KV{Key: "a", Value: []byte("again")})
}

func testMetaIsACopy(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	commit(t, s, m, &chain.Batch{Meta: []chain.KV{{Key: "a", Value: []byte("value")}}})
	for _, r := range []reader{s, snapshot(t, s)} {
		v, err := r.Meta("a")
		if err != nil {
			t.Fatal(err)
		}
		v[0] = 'X'
		check(t, s, m)
	}
}

func testMetaRange(t *testing.T, open Opener) {
	s, _ := open(t)
	var kvs []chain.KV
	for _, k := range []string{"mempool/2", "mempool0", "mempool", "\xff\xff", "mempool/\xff", "mempool/", "a", "\xff", "mempool/10", "\xff\xffa", "mempool.", "mempool/1"} {
		kvs = append(kvs, chain.KV{Key: k, Value: []byte("value of " + k)})
	}
	if err := s.Commit(&chain.Batch{Meta: kvs}, false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		prefix string
		want   []string
	}{
		{"mempool/", []string{"mempool/", "mempool/1", "mempool/10", "mempool/2", "mempool/\xff"}},
		{"\xff", []string{"\xff", "\xff\xff", "\xff\xffa"}},
		{"\xff\xff", []string{"\xff\xff", "\xff\xffa"}},
		{"mempool/10", []string{"mempool/10"}},
		{"b", nil},
		{"z", nil},
	} {
		for _, r := range []reader{s, snapshot(t, s)} {
			var got []string
			err := r.MetaRange(c.prefix, func(key string, value []byte) error {
				if string(value) != "value of "+key {
					t.Errorf("MetaRange(%q): %q has the value %q", c.prefix, key, value)
				}
				got = append(got, key)
				return nil
			})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("MetaRange(%q) = %q, %v, want %q", c.prefix, got, err, c.want)
			}
			seen := 0
			err = r.MetaRange(c.prefix, func(string, []byte) error { seen++; return errStop })
			if len(c.want) > 0 && (!errors.Is(err, errStop) || seen != 1) {
				t.Errorf("MetaRange(%q): %v after %d names, want the error of yield after 1", c.prefix, err, seen)
			}
		}
	}
}

// testBatchIsCopied reuses the slices of a batch after Commit, as a caller
// with one batch for all blocks does. Blocks, coins and scripts are immutable.
func testBatchIsCopied(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	value := []byte("value")
	b := BlockBatch(1)
	b.Meta = []chain.KV{{Key: "a", Value: value}}
	b.Undos[0].Spent = []consensus.Coin{*coin(1), *coin(2)}
	commit(t, s, m, b)
	copy(value, "-----")
	b.Entries[0] = chain.Entry{}
	b.Bodies[0] = chain.Body{}
	b.Undos[0].Spent[0] = consensus.Coin{}
	b.Undos[0] = chain.Undo{}
	b.Coins[0] = consensus.CoinChange{}
	b.Txs[0] = chain.TxRef{}
	b.Meta[0] = chain.KV{}
	*b.Tip = hash(0xee)
	check(t, s, m)
}
