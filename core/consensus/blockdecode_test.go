package consensus

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
)

// TestBadBlockEncodings decodes what is no block: ErrDecode, and no memory for
// what is only announced.
func TestBadBlockEncodings(t *testing.T) {
	warmUpDecoder(t)
	header := make([]byte, HeaderSize)
	plain := testSpend([]wire.OutPoint{testOut(1)}, 5).Bytes()
	block := NewBlock(Header{}, []*Tx{testCoinbase(1, 5), testSpend([]wire.OutPoint{testOut(1)}, 5)}).Bytes()
	replace := func(raw []byte, at, n int, with ...byte) []byte {
		return append(append(append([]byte{}, raw[:at]...), with...), raw[at+n:]...)
	}
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	million := []byte{0xfe, 0x40, 0x42, 0x0f, 0x00}
	for _, tt := range []struct {
		name string
		raw  []byte
	}{
		{"nothing", nil},
		{"half a header", header[:79]},
		{"a header alone", header},
		{"a trailing byte", append(append([]byte{}, block...), 0)},
		{"a byte missing", block[:len(block)-1]},
		{"a transaction more than there are", replace(block, HeaderSize, 1, 3)},
		{"a transaction less than there are", replace(block, HeaderSize, 1, 1)},
		{"2 transactions in three bytes", replace(block, HeaderSize, 1, 0xfd, 2, 0)},
		{"2 transactions in five bytes", replace(block, HeaderSize, 1, 0xfe, 2, 0, 0, 0)},
		{"2 transactions in nine bytes", replace(block, HeaderSize, 1, 0xff, 2, 0, 0, 0, 0, 0, 0, 0)},
		{"2^64-1 transactions", replace(block, HeaderSize, 1, huge...)},
		{"a million transactions", replace(block, HeaderSize, 1, million...)},
		{"a million inputs", bytes.Join([][]byte{header, {1}, replace(plain, 4, 1, million...)}, nil)},
		{"a million outputs", bytes.Join([][]byte{header, {1}, replace(plain, 46, 1, million...)}, nil)},
	} {
		var err error
		used := allocated(func() { _, err = ParseBlock(tt.raw) })
		if !errors.Is(err, ErrDecode) {
			t.Errorf("%s: %v, want ErrDecode", tt.name, err)
		}
		if most := uint64(4*len(tt.raw) + decodeSlack); used > most {
			t.Errorf("%s: %d bytes took %d, at most %d", tt.name, len(tt.raw), used, most)
		}
	}
}

// TestBlockEncoding goes through bytes and back.
func TestBlockEncoding(t *testing.T) {
	tx := testSpend([]wire.OutPoint{testOut(1), testOut(2)}, 5, 6)
	msg := tx.Msg.Copy()
	msg.TxIn[1].Witness = wire.TxWitness{{1, 2, 3}, nil}
	segwit := NewTx(msg)
	b := NewBlock(Header{Version: -5, Time: 1 << 31, Bits: 7, Nonce: 1<<32 - 1}, []*Tx{testCoinbase(5, 1), tx, segwit})
	got, err := ParseBlock(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got.Hash() != b.Hash() || !bytes.Equal(got.Bytes(), b.Bytes()) || got.Header != b.Header {
		t.Errorf("%+v became %+v", b.Header, got.Header)
	}
	// Marker and flag, no item, and two items of 3 and 0 bytes.
	const witness = 2 + 1 + 1 + 1 + 3 + 1
	if got.Size() != len(b.Bytes()) || got.StrippedSize() != got.Size()-witness || got.Weight() != 3*got.StrippedSize()+got.Size() {
		t.Errorf("sizes %d and %d, weight %d", got.Size(), got.StrippedSize(), got.Weight())
	}
}
