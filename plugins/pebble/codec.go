package pebble

import (
	"encoding/binary"
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// A key is one byte for its kind and then what orders the kind; numbers are
// big-endian, so byte order is numeric order. Bodies and undo data come in the
// order of their sequence numbers: the newest are always last, so compaction
// moves old files as they are.
const (
	kindBody   = 'b' // seq → the block as on the wire
	kindCoin   = 'c' // txid, output index → coin
	kindEntry  = 'e' // seq → header, status, sizes, reason
	kindMeta   = 'm' // name → value
	kindCommit = 'n' // number of a commit → nothing (journal.go)
	kindTip    = 'p' // → block hash
	kindTx     = 't' // txid → seq, index
	kindUndo   = 'u' // seq → count, coins
)

var tipKey = []byte{kindTip}

const (
	seqKeySize  = 1 + 8
	coinKeySize = 1 + chainhash.HashSize + 4
)

// errRecord says that bytes that passed their checksum do not decode: they
// were written by something else.
var errRecord = errors.New("record does not decode")

func seqKey(dst []byte, kind byte, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, kind), seq)
}

func coinKey(dst []byte, o *wire.OutPoint) []byte {
	dst = append(append(dst, kindCoin), o.Hash[:]...)
	return binary.BigEndian.AppendUint32(dst, o.Index)
}

func parseCoinKey(key []byte) (o wire.OutPoint, err error) {
	if len(key) != coinKeySize {
		return o, errRecord
	}
	copy(o.Hash[:], key[1:])
	o.Index = binary.BigEndian.Uint32(key[1+chainhash.HashSize:])
	return o, nil
}

func txKey(dst []byte, txid *chainhash.Hash) []byte {
	return append(append(dst, kindTx), txid[:]...)
}

func metaKey(dst []byte, name string) []byte {
	return append(append(dst, kindMeta), name...)
}

// appendCoinHead writes height and coinbase flag in one number, as Bitcoin
// Core's Coin does, and the value in satoshi. The script follows.
func appendCoinHead(dst []byte, c *consensus.Coin) []byte {
	code := uint64(uint32(c.Height)) << 1
	if c.Coinbase {
		code |= 1
	}
	return binary.AppendUvarint(binary.AppendUvarint(dst, code), uint64(c.Value))
}

func appendCoin(dst []byte, c *consensus.Coin) []byte {
	return append(appendCoinHead(dst, c), c.Script...)
}

// parseCoinHead returns a coin without its script, and the bytes after it.
func parseCoinHead(b []byte) (c consensus.Coin, rest []byte, err error) {
	code, b, err := uvarint(b)
	if err != nil {
		return c, nil, err
	}
	value, b, err := uvarint(b)
	if err != nil {
		return c, nil, err
	}
	if code>>1 > 1<<32-1 {
		return c, nil, errRecord
	}
	return consensus.Coin{Value: int64(value), Height: int32(code >> 1), Coinbase: code&1 == 1}, b, nil
}

func parseCoin(b []byte) (*consensus.Coin, error) {
	c, script, err := parseCoinHead(b)
	if err != nil {
		return nil, err
	}
	c.Script = append([]byte(nil), script...)
	return &c, nil
}

func appendUndo(dst []byte, spent []consensus.Coin) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(spent)))
	for i := range spent {
		dst = appendCoinHead(dst, &spent[i])
		dst = binary.AppendUvarint(dst, uint64(len(spent[i].Script)))
		dst = append(dst, spent[i].Script...)
	}
	return dst
}

// minUndoCoin is the length in bytes of the smallest coin in undo data; it
// bounds what a count can make us allocate.
const minUndoCoin = 3

func parseUndo(b []byte) ([]consensus.Coin, error) {
	n, b, err := uvarint(b)
	if err != nil {
		return nil, err
	}
	if n > uint64(len(b)/minUndoCoin) {
		return nil, errRecord
	}
	scripts := append([]byte(nil), b...) // all scripts share this copy
	b = scripts
	coins := make([]consensus.Coin, n)
	for i := range coins {
		if coins[i], b, err = parseCoinHead(b); err != nil {
			return nil, err
		}
		var length uint64
		if length, b, err = uvarint(b); err != nil {
			return nil, err
		}
		if length > uint64(len(b)) {
			return nil, errRecord
		}
		coins[i].Script, b = b[:length:length], b[length:]
	}
	if len(b) != 0 {
		return nil, errRecord
	}
	return coins, nil
}

func appendEntry(dst []byte, e *chain.Entry) []byte {
	h := e.Header.Bytes()
	dst = append(append(dst, h[:]...), byte(e.Status))
	dst = binary.AppendUvarint(dst, uint64(e.TxN))
	dst = binary.AppendUvarint(dst, uint64(e.Size))
	dst = binary.AppendUvarint(dst, uint64(e.Issued))
	return append(dst, e.Reason...)
}

func parseEntry(key, b []byte) (e chain.Entry, err error) {
	if len(key) != seqKeySize || len(b) < consensus.HeaderSize+1 {
		return e, errRecord
	}
	e.Seq = binary.BigEndian.Uint64(key[1:])
	if e.Header, err = consensus.ParseHeader(b); err != nil {
		return e, err
	}
	e.Status = chain.Status(b[consensus.HeaderSize])
	n, b, err := uvarint(b[consensus.HeaderSize+1:])
	if err != nil || n > 1<<32-1 {
		return e, errRecord
	}
	size, b, err := uvarint(b)
	if err != nil || size > 1<<32-1 {
		return e, errRecord
	}
	issued, b, err := uvarint(b)
	if err != nil {
		return e, errRecord
	}
	e.TxN, e.Size, e.Issued, e.Reason = uint32(n), uint32(size), int64(issued), string(b)
	return e, nil
}

func appendTxPos(dst []byte, p chain.TxPos) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(dst, p.Seq), uint64(p.Index))
}

func parseTxPos(b []byte) (p chain.TxPos, err error) {
	seq, b, err := uvarint(b)
	if err != nil {
		return p, err
	}
	index, b, err := uvarint(b)
	if err != nil || index > 1<<32-1 || len(b) != 0 {
		return p, errRecord
	}
	return chain.TxPos{Seq: seq, Index: uint32(index)}, nil
}

func uvarint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errRecord
	}
	return v, b[n:], nil
}
