package scripttext

import (
	"encoding/hex"
	"strings"
	"testing"

	"orrery/core/consensus"
	"orrery/wallet/address"
)

var regtest = address.Codec{Versions: consensus.AddressVersions{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "bcrt"}}

// TestChecksum: examples of BIP380 and of Bitcoin Core's doc/descriptors.md.
func TestChecksum(t *testing.T) {
	for _, want := range []string{
		"raw(deadbeef)#89f8spxm",
		"pkh(02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5)#8fhd9pwu",
		"wpkh(02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9)#8zl0zxma",
	} {
		body, sum, _ := strings.Cut(want, "#")
		if got, ok := Checksum(body); !ok || got != sum {
			t.Errorf("%s: %s", want, got)
		}
		if got := WithChecksum(body); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		// Any one wrong character shows.
		for i := range body {
			changed := body[:i] + "q" + body[i+1:]
			if got, _ := Checksum(changed); got == sum && changed != body {
				t.Errorf("%s has the same checksum", changed)
			}
		}
	}
	if _, ok := Checksum("raw(Ü)"); ok {
		t.Error("a foreign character has a checksum")
	}
}

// TestDescriptor: what follows from a script alone.
func TestDescriptor(t *testing.T) {
	const (
		key    = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
		hybrid = "0679be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
	)
	for script, want := range map[string]string{
		"21" + key + "ac":                 "pk(" + key + ")",
		"41" + hybrid + "ac":              "raw(41" + hybrid + "ac)",
		"5121" + key + "51ae":             "multi(1," + key + ")",
		"5141" + hybrid + "51ae":          "raw(5141" + hybrid + "51ae)",
		"5120" + key[2:]:                  "rawtr(" + key[2:] + ")",
		"5120" + strings.Repeat("ff", 32): "addr(bcrt1pllllllllllllllllllll",
		"0014" + strings.Repeat("00", 20): "addr(bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202)",
		"0013" + strings.Repeat("00", 19): "raw(0013" + strings.Repeat("00", 19) + ")",
		"":                                "raw()",
		"6a":                              "raw(6a)",
		"76a914" + strings.Repeat("00", 20) + "88ac": "addr(mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8)",
	} {
		b, err := hex.DecodeString(script)
		if err != nil {
			t.Fatal(err)
		}
		if got := Descriptor(regtest, b); !strings.HasPrefix(got, want) || strings.HasSuffix(want, ")") && got[len(want)] != '#' {
			t.Errorf("%s: %s, want %s", script, got, want)
		}
	}
}

// TestOpNames: the first, the last and some between, as Core spells them.
func TestOpNames(t *testing.T) {
	for op, want := range map[byte]string{
		0x4f: "-1", 0x50: "OP_RESERVED", 0x51: "1", 0x60: "16", 0x61: "OP_NOP", 0x6a: "OP_RETURN", 0x7e: "OP_CAT", 0x87: "OP_EQUAL", 0x8b: "OP_1ADD",
		0x93: "OP_ADD", 0xa5: "OP_WITHIN", 0xa6: "OP_RIPEMD160", 0xac: "OP_CHECKSIG", 0xae: "OP_CHECKMULTISIG", 0xb1: "OP_CHECKLOCKTIMEVERIFY",
		0xb2: "OP_CHECKSEQUENCEVERIFY", 0xb9: "OP_NOP10", 0xba: "OP_CHECKSIGADD", 0xbb: "OP_UNKNOWN", 0xfe: "OP_UNKNOWN", 0xff: "OP_INVALIDOPCODE",
	} {
		if got := Asm([]byte{op}); got != want {
			t.Errorf("%02x: %s, want %s", op, got, want)
		}
	}
}

// FuzzAsm: no script is too strange.
func FuzzAsm(f *testing.F) {
	f.Add([]byte{0x4c})
	f.Add([]byte{0x05, 1, 2, 3, 4, 0x80})
	f.Fuzz(func(t *testing.T, script []byte) {
		Asm(script)
		InputAsm(script)
		d := Descriptor(regtest, script)
		if body, sum, ok := strings.Cut(d, "#"); !ok || sum == "" || body == "" {
			t.Fatalf("%x: %s", script, d)
		}
	})
}
