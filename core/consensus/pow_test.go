package consensus

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

// The cases of Core's arith_uint256_tests.cpp, bignum_SetCompact.
func TestCompactToTarget(t *testing.T) {
	tests := []struct {
		bits     uint32
		target   string
		negative bool
		overflow bool
		compact  uint32 // of the magnitude
	}{
		{0, "0x0", false, false, 0},
		{0x00123456, "0x0", false, false, 0},
		{0x01003456, "0x0", false, false, 0},
		{0x02000056, "0x0", false, false, 0},
		{0x03000000, "0x0", false, false, 0},
		{0x04000000, "0x0", false, false, 0},
		{0x00923456, "0x0", false, false, 0},
		{0x01803456, "0x0", false, false, 0},
		{0x02800056, "0x0", false, false, 0},
		{0x03800000, "0x0", false, false, 0},
		{0x04800000, "0x0", false, false, 0},
		{0x01123456, "0x12", false, false, 0x01120000},
		{0x01fedcba, "0x7e", true, false, 0x017e0000},
		{0x02123456, "0x1234", false, false, 0x02123400},
		{0x03123456, "0x123456", false, false, 0x03123456},
		{0x04123456, "0x12345600", false, false, 0x04123456},
		{0x04923456, "0x12345600", true, false, 0x04123456},
		{0x05009234, "0x92340000", false, false, 0x05009234},
		{0x20123456, "0x1234560000000000000000000000000000000000000000000000000000000000", false, false, 0x20123456},
		{0xff123456, "0x0", false, true, 0},
		{0x22000001, "0x100000000000000000000000000000000000000000000000000000000000000", false, false, 0x20010000},
		{0x23000001, "0x0", false, true, 0},
		{0x21000100, "0x100000000000000000000000000000000000000000000000000000000000000", false, false, 0x20010000},
		{0x22000100, "0x0", false, true, 0},
		{0x21010000, "0x0", false, true, 0},
		{0x1d00ffff, "0xffff0000000000000000000000000000000000000000000000000000", false, false, 0x1d00ffff},
	}
	for _, tt := range tests {
		got, negative, overflow := CompactToTarget(tt.bits)
		if overflow != tt.overflow || negative != tt.negative {
			t.Errorf("%08x: negative %v overflow %v, want %v %v", tt.bits, negative, overflow, tt.negative, tt.overflow)
		}
		if overflow {
			continue
		}
		if got.Hex() != tt.target {
			t.Errorf("%08x: target %s, want %s", tt.bits, got.Hex(), tt.target)
		}
		if c := TargetToCompact(&got); c != tt.compact {
			t.Errorf("%08x: back to %08x, want %08x", tt.bits, c, tt.compact)
		}
	}
}

func TestTargetToCompact(t *testing.T) {
	tests := []struct {
		target string
		bits   uint32
	}{
		{"0x80", 0x02008000}, // Core: a set top bit moves to the next byte
		{"0x7f", 0x017f0000},
		{"0xffffff", 0x0400ffff},
		{"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 0x2100ffff},
		{"0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 0x207fffff},
	}
	for _, tt := range tests {
		if got := TargetToCompact(uint256.MustFromHex(tt.target)); got != tt.bits {
			t.Errorf("%s: %08x, want %08x", tt.target, got, tt.bits)
		}
	}
}

// Whatever is rounded through the compact form never grows, and rounds to
// itself a second time.
func TestCompactRoundsDown(t *testing.T) {
	x := uint256.NewInt(0x9e3779b97f4a7c15)
	for i := 0; i < 10_000; i++ {
		x.Mul(x, uint256.NewInt(0xd1342543de82ef95))
		x.AddUint64(x, 1)
		var v uint256.Int
		v.Rsh(x, uint(i%256))
		bits := TargetToCompact(&v)
		back, negative, overflow := CompactToTarget(bits)
		if negative || overflow || back.Gt(&v) || TargetToCompact(&back) != bits {
			t.Fatalf("%s: bits %08x expand to %s", v.Hex(), bits, back.Hex())
		}
	}
}

func TestWork(t *testing.T) {
	tests := []struct {
		bits uint32
		work string
	}{
		{0x1d00ffff, "0x100010001"}, // Bitcoin's genesis block: chainwork 0000…0100010001
		{0x207fffff, "0x2"},         // regtest
		{0x1f00ffff, "0x10001"},
		{0x01010000, "0x8000000000000000000000000000000000000000000000000000000000000000"}, // target 1
		{0x2100ffff, "0x1"},
		{0, "0x0"},
		{0x01fedcba, "0x0"}, // negative
		{0xff123456, "0x0"}, // overflow
		{0x03000000, "0x0"}, // zero
	}
	for _, tt := range tests {
		if got := Work(tt.bits); got.Hex() != tt.work {
			t.Errorf("%08x: work %s, want %s", tt.bits, got.Hex(), tt.work)
		}
	}
}

func TestCheckProofOfWork(t *testing.T) {
	// The genesis block of Bitcoin, and Core's pow_tests for derived targets.
	genesis, err := chainhash.NewHashFromStr("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")
	if err != nil {
		t.Fatal(err)
	}
	mainLimit, _, _ := CompactToTarget(0x1d00ffff)
	regtestLimit := *uint256.MustFromHex("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")
	one := chainhash.Hash{1}
	exact, _ := chainhash.NewHashFromStr("00000000ffff0000000000000000000000000000000000000000000000000000")
	above, _ := chainhash.NewHashFromStr("00000000ffff0000000000000000000000000000000000000000000000000001")
	tests := []struct {
		name  string
		hash  chainhash.Hash
		bits  uint32
		limit uint256.Int
		ok    bool
	}{
		{"genesis", *genesis, 0x1d00ffff, mainLimit, true},
		{"equal to the target", *exact, 0x1d00ffff, mainLimit, true},
		{"one above the target", *above, 0x1d00ffff, mainLimit, false},
		{"genesis against a harder target", *genesis, 0x1b00ffff, mainLimit, false},
		{"negative target", one, 0x1d80ffff, mainLimit, false},
		{"overflown target", one, 0xff123456, mainLimit, false},
		{"zero target", chainhash.Hash{}, 0, mainLimit, false},
		{"target above the limit", one, 0x1e00ffff, mainLimit, false},
		{"target at regtest's limit", one, 0x207fffff, regtestLimit, true},
		{"target above regtest's limit", one, 0x2100ffff, regtestLimit, false},
	}
	for _, tt := range tests {
		err := CheckProofOfWork(tt.hash, tt.bits, &tt.limit)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		var re *RuleError
		if err != nil && (!errors.Is(err, HighHash) || !errors.As(err, &re) || re.TxIndex != -1) {
			t.Errorf("%s: %v is not a high-hash rule error", tt.name, err)
		}
	}
}

func BenchmarkCheckProofOfWork(b *testing.B) {
	limit, _, _ := CompactToTarget(0x207fffff)
	h := chainhash.Hash{1}
	for b.Loop() {
		if err := CheckProofOfWork(h, 0x207fffff, &limit); err != nil {
			b.Fatal(err)
		}
	}
}
