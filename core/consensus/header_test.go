package consensus

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

// TestHeaderBytes pins the layout by Bitcoin's block 1.
func TestHeaderBytes(t *testing.T) {
	const block1 = "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299"
	raw, err := hex.DecodeString(block1)
	if err != nil {
		t.Fatal(err)
	}
	h, err := ParseHeader(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Hash().String(); got != "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048" {
		t.Errorf("hash %s", got)
	}
	if h.Version != 1 || h.Time != 1231469665 || h.Bits != 0x1d00ffff || h.Nonce != 2573394689 {
		t.Errorf("%+v", h)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(make([]byte, HeaderSize))
	f.Add(bytes.Repeat([]byte{0xff}, HeaderSize+1))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := ParseHeader(raw)
		if len(raw) < HeaderSize {
			if !errors.Is(err, ErrDecode) {
				t.Fatalf("%d bytes: %v", len(raw), err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Bytes(); !bytes.Equal(got[:], raw[:HeaderSize]) {
			t.Fatalf("% x became % x", raw[:HeaderSize], got)
		}
		// Rules of a header alone must take anything.
		p := &Params{MaxFutureTime: 7200}
		_ = CheckProofOfWork(h.Hash(), h.Bits, &p.PowLimit)
		_ = CheckHeaderInContext(&h, HeaderContext{Bits: h.Bits, MedianTime: int64(h.Time) - 1, Now: int64(h.Time)}, p)
		_ = Work(h.Bits)
	})
}
