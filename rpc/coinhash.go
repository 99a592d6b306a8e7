package rpc

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/rpc/internal/muhash"
)

// coinHash hashes all unspent outputs.
type coinHash interface {
	add(coin []byte)
	sum() string
}

// newCoinHash returns nil for a name that gettxoutsetinfo does not know.
func newCoinHash(kind string) coinHash {
	switch kind {
	case hashSerialized:
		return serializedHash{sha256.New()}
	case "muhash":
		return new(setHash)
	case "none":
		return noHash{}
	}
	return nil
}

// appendCoin writes an output as both hashes take it: outpoint, height and
// coinbase flag, value, script (Core: TxOutSer in kernel/coinstats.cpp).
func appendCoin(b []byte, o wire.OutPoint, coin *consensus.Coin) []byte {
	b = append(b, o.Hash[:]...)
	b = binary.LittleEndian.AppendUint32(b, o.Index)
	code := uint32(coin.Height) << 1
	if coin.Coinbase {
		code |= 1
	}
	b = binary.LittleEndian.AppendUint32(b, code)
	b = binary.LittleEndian.AppendUint64(b, uint64(coin.Value))
	return append(appendCompactSize(b, len(coin.Script)), coin.Script...)
}

// appendCompactSize needs a length below 2^16, as that of every script is
// that can be spent.
func appendCompactSize(b []byte, n int) []byte {
	if n < 0xfd {
		return append(b, byte(n))
	}
	return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
}

// serializedHash is the double SHA-256 of all outputs in their order.
type serializedHash struct{ hash.Hash }

func (h serializedHash) add(coin []byte) { _, _ = h.Write(coin) } // a hash never fails
func (h serializedHash) sum() string {
	first := h.Sum(nil)
	second := sha256.Sum256(first)
	return reversedHex(second[:])
}

// setHash does not depend on their order.
type setHash struct{ muhash.Set }

func (h *setHash) add(coin []byte) { h.Insert(coin) }
func (h *setHash) sum() string {
	sum := h.Hash()
	return reversedHex(sum[:])
}

type noHash struct{}

func (noHash) add([]byte)  {}
func (noHash) sum() string { return "" }
