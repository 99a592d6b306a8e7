package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/cmd/internal/e2e"
)

// naive is the coins of a chain, computed from its blocks in the plainest way.
type naive struct {
	blocks map[chainhash.Hash]*wire.MsgBlock // all that were ever fetched
}

// best returns the blocks of a node's best chain from height 1 on.
func (m *naive) best(t *testing.T, n *e2e.Node, tip string) []*wire.MsgBlock {
	t.Helper()
	hash, err := chainhash.NewHashFromStr(tip)
	if err != nil {
		t.Fatal(err)
	}
	var chain []*wire.MsgBlock
	for at := *hash; at.String() != regtestGenesis; {
		b := m.block(t, n, at)
		chain = append(chain, b)
		at = b.Header.PrevBlock
	}
	slices.Reverse(chain)
	return chain
}

func (m *naive) block(t *testing.T, n *e2e.Node, hash chainhash.Hash) *wire.MsgBlock {
	t.Helper()
	if b := m.blocks[hash]; b != nil {
		return b
	}
	var text string
	n.Must(&text, "getblock", hash.String(), 0)
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	b := new(wire.MsgBlock)
	if err := b.Deserialize(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if got := b.BlockHash(); got != hash {
		t.Fatalf("block %v came for %v", got, hash)
	}
	m.blocks[hash] = b
	return b
}

// naiveCoin is an unspent output.
type naiveCoin struct {
	value    int64
	script   []byte
	height   int32
	coinbase bool
}

// coinsOf are the coins of a chain.
func coinsOf(chain []*wire.MsgBlock) map[wire.OutPoint]naiveCoin {
	coins := map[wire.OutPoint]naiveCoin{}
	for i, b := range chain {
		for n, tx := range b.Transactions {
			for _, in := range tx.TxIn {
				delete(coins, in.PreviousOutPoint)
			}
			id := tx.TxHash()
			for v, o := range tx.TxOut {
				if len(o.PkScript) > 0 && o.PkScript[0] == 0x6a { // OP_RETURN can never be spent
					continue
				}
				coins[wire.OutPoint{Hash: id, Index: uint32(v)}] = naiveCoin{o.Value, o.PkScript, int32(i + 1), n == 0}
			}
		}
	}
	return coins
}

// hashOf is Core's hash_serialized_3 of coins, and their number.
func hashOf(coins map[wire.OutPoint]naiveCoin) (string, int) {
	outs := slices.SortedFunc(maps.Keys(coins), func(a, b wire.OutPoint) int {
		if c := bytes.Compare(a.Hash[:], b.Hash[:]); c != 0 {
			return c
		}
		return int(a.Index) - int(b.Index)
	})
	all := sha256.New()
	for _, out := range outs {
		all.Write(coins[out].bytes(out))
	}
	hash := chainhash.Hash(sha256.Sum256(all.Sum(nil)))
	return hash.String(), len(outs)
}

// bytes are a coin as Core's TxOutSer writes it.
func (c naiveCoin) bytes(out wire.OutPoint) []byte {
	code := uint32(c.height) << 1
	if c.coinbase {
		code |= 1
	}
	b := append([]byte{}, out.Hash[:]...)
	b = binary.LittleEndian.AppendUint32(b, out.Index)
	b = binary.LittleEndian.AppendUint32(b, code)
	b = binary.LittleEndian.AppendUint64(b, uint64(c.value))
	b = append(b, byte(len(c.script))) // shorter than 253 bytes here
	return append(b, c.script...)
}
