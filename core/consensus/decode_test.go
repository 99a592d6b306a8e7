package consensus

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
)

// allocated returns how many bytes f allocates, what it frees again included.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// decodeSlack is what decoding may allocate whatever the input: an error
// text, a reader, and the noise of the test itself.
const decodeSlack = 16 << 10

// maxDecodeGrowth is how many bytes of memory a byte of a good serialization
// may take. The worst is an empty witness item: one byte, and 24 for the
// slice that stands for it.
const maxDecodeGrowth = 32

func warmUpDecoder(tb testing.TB) {
	tb.Helper()
	// wire keeps a buffer of 4 MB for all scripts of a transaction.
	if _, err := ParseTx(testTx(1, []int64{1}, nil).Bytes()); err != nil {
		tb.Fatal(err)
	}
}

// TestHostileCounts: a count that the bytes cannot hold costs no memory.
func TestHostileCounts(t *testing.T) {
	warmUpDecoder(t)
	pad := bytes.Repeat([]byte{0}, 1000)
	tests := []struct{ name, hex string }{
		{"inputs", "02000000fefc000000"},
		{"the most inputs that wire allows", "02000000fe00000c00"},
		{"2^64-1 inputs", "02000000ffffffffffffffffff"},
		{"outputs", "0200000000010001"},
		{"non-minimal count of 2 bytes", "02000000fdfc00"},
		{"non-minimal count of 4 bytes", "02000000feffff0000"},
		{"non-minimal count of 8 bytes", "02000000ffffffffff00000000"},
		{"outputs after an input", "0200000001" + inputHex + "fe00003800"},
		{"2^64-1 outputs", "0200000001" + inputHex + "ffffffffffffffffff"},
		{"script of 2^63 bytes", "0200000001" + inputHex[:72] + "ff0000000000000080"},
		{"script longer than the rest", "0200000001" + inputHex[:72] + "fdffff"},
		{"witness items", "020000000001" + "01" + inputHex + "01000000000000000000" + "fe00093d00"},
		{"witness item of 2^64-1 bytes", "020000000001" + "01" + inputHex + "01000000000000000000" + "01ffffffffffffffffff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			for _, raw := range [][]byte{raw, append(raw[:len(raw):len(raw)], pad...)} {
				used := allocated(func() { _, err = ParseTx(raw) })
				if !errors.Is(err, ErrDecode) {
					t.Fatalf("got %v, want ErrDecode", err)
				}
				if limit := uint64(4*len(raw) + decodeSlack); used > limit {
					t.Fatalf("%d bytes took %d bytes of memory, at most %d are allowed", len(raw), used, limit)
				}
			}
		})
	}
}

// inputHex is an input with an empty script.
const inputHex = "0100000000000000000000000000000000000000000000000000000000000000" + "00000000" + "00" + "ffffffff"

func TestTxDecode(t *testing.T) {
	const output = "0000000000000000" + "00"
	tests := []struct {
		name, hex string
		good      bool
	}{
		{"one input, one output", "0200000001" + inputHex + "01" + output + "00000000", true},
		{"negative version", "ffffffff01" + inputHex + "01" + output + "00000000", true},
		{"witness", "020000000001" + "01" + inputHex + "01" + output + "0100" + "00000000", true},
		{"witness flag without a witness", "020000000001" + "01" + inputHex + "01" + output + "00" + "00000000", false},
		{"witness flag 2", "020000000002" + "01" + inputHex + "01" + output + "0100" + "00000000", false},
		{"neither inputs nor outputs", "0200000000" + "00" + "05000000", true},
		{"no inputs, with the witness flag", "020000000001" + "00" + "01" + output + "00000000", false},
		{"no outputs", "0200000001" + inputHex + "00" + "00000000", true},
		{"trailing byte", "0200000001" + inputHex + "01" + output + "0000000000", false},
		{"one byte short", "0200000001" + inputHex + "01" + output + "000000", false},
		{"empty", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			tx, err := ParseTx(raw)
			if !tt.good {
				if !errors.Is(err, ErrDecode) {
					t.Fatalf("got %v, want ErrDecode", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tx.Bytes(); !bytes.Equal(got, raw) || tx.Size() != len(raw) {
				t.Fatalf("comes back as %x", got)
			}
		})
	}
}

// TestScanAgreesWithWire: every prefix and every one-byte change of a
// transaction is read alike by the scanner and by wire, or refused by both.
func TestScanAgreesWithWire(t *testing.T) {
	tx := testTx(3, []int64{1, 2}, func(m *wire.MsgTx) {
		m.TxIn[1].Witness = wire.TxWitness{{1, 2}, nil, make([]byte, 300)}
		m.TxIn[2].SignatureScript = make([]byte, 260)
	})
	raw := tx.Bytes()
	check := func(b []byte) {
		t.Helper()
		size, err := scanTx(b)
		var msg wire.MsgTx
		r := bytes.NewReader(b)
		wireErr := msg.Deserialize(r)
		if err != nil && wireErr == nil {
			t.Fatalf("%x: scanner says %v, wire takes it", b, err)
		}
		if err == nil && wireErr == nil && size != len(b)-r.Len() {
			t.Fatalf("%x: scanner reads %d bytes, wire %d", b, size, len(b)-r.Len())
		}
	}
	for n := range raw {
		check(raw[:n])
	}
	for i := range raw {
		b := bytes.Clone(raw)
		for _, v := range []byte{0, 1, 2, 0xfc, 0xff} {
			b[i] = v
			check(b)
		}
	}
}

func FuzzTxDecode(f *testing.F) {
	warmUpDecoder(f)
	f.Add(testTx(1, []int64{1}, nil).Bytes())
	f.Add(testTx(3, []int64{1, 2}, func(m *wire.MsgTx) { m.TxIn[1].Witness = wire.TxWitness{{1}, nil} }).Bytes())
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{2, 0, 0, 0, 0xfe, 0, 0, 12, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var tx *Tx
		var err error
		used := allocated(func() { tx, err = ParseTx(raw) })
		if limit := uint64(maxDecodeGrowth*len(raw) + decodeSlack); used > limit {
			t.Fatalf("%d bytes took %d bytes of memory, at most %d are allowed", len(raw), used, limit)
		}
		if err != nil {
			if !errors.Is(err, ErrDecode) {
				t.Fatalf("got %v, want ErrDecode", err)
			}
			return
		}
		if got := tx.Bytes(); !bytes.Equal(got, raw) {
			t.Fatalf("comes back as %x", got)
		}
		if tx.Size() != len(raw) || tx.StrippedSize() > tx.Size() {
			t.Fatalf("%d bytes say that they are %d, %d without the witness", len(raw), tx.Size(), tx.StrippedSize())
		}
		_ = CheckTransaction(tx, testMaxWeight)
		_ = LegacySigOps(tx)
	})
}

func FuzzBlockDecode(f *testing.F) {
	warmUpDecoder(f)
	coinbase := testTx(1, []int64{1}, coinbaseWith(2))
	f.Add(NewBlock(Header{Version: 4}, []*Tx{coinbase}).Bytes())
	f.Add(NewBlock(Header{Version: 4}, []*Tx{coinbase, testTx(2, []int64{1}, nil)}).Bytes())
	f.Add(append(make([]byte, HeaderSize), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b *Block
		var err error
		used := allocated(func() { b, err = ParseBlock(raw) })
		if limit := uint64(maxDecodeGrowth*len(raw) + decodeSlack); used > limit {
			t.Fatalf("%d bytes took %d bytes of memory, at most %d are allowed", len(raw), used, limit)
		}
		if err != nil {
			if !errors.Is(err, ErrDecode) {
				t.Fatalf("got %v, want ErrDecode", err)
			}
			return
		}
		if got := b.Bytes(); !bytes.Equal(got, raw) || b.Size() != len(raw) {
			t.Fatalf("comes back as %x", got)
		}
	})
}
