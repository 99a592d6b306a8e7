package address

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"orrery/core/consensus"
)

var (
	mainnet = Codec{consensus.AddressVersions{P2PKH: 0, P2SH: 5, WIF: 128, HRP: "bc"}}
	testnet = Codec{consensus.AddressVersions{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "tb"}}
	regtest = Codec{consensus.AddressVersions{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "bcrt"}}
	codecs  = map[string]Codec{"main": mainnet, "test": testnet, "testnet4": testnet, "signet": testnet, "regtest": regtest}
)

// vectors reads one of Bitcoin Core's vector files, which lie beside the
// repository; without that folder the test says what it left out.
func vectors(t *testing.T, name string, into any) {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			err = os.ErrNotExist
		}
		dir = filepath.Dir(dir)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "..", "shared", "vectors", name))
	if err != nil {
		t.Skipf("left out: Bitcoin Core's %s is not beside the repository: %v", name, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func TestKeyIOValid(t *testing.T) {
	var rows [][3]json.RawMessage
	vectors(t, "key_io_valid.json", &rows)
	for _, row := range rows {
		var text, want string
		var is struct {
			Chain                                string
			IsPrivkey, IsCompressed, TryCaseFlip bool
		}
		for i, into := range []any{&text, &want, &is} {
			if err := json.Unmarshal(row[i], into); err != nil {
				t.Fatal(err)
			}
		}
		c, ok := codecs[is.Chain]
		if !ok {
			t.Fatalf("unknown chain %q", is.Chain)
		}
		if is.IsPrivkey {
			key, err := c.DecodeWIF(text)
			if err != nil || hex.EncodeToString(key.Serialize()) != want || key.Compressed != is.IsCompressed {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if got := c.EncodeWIF(key); got != text {
				t.Errorf("EncodeWIF = %s, want %s", got, text)
			}
			if a, err := c.Decode(text); err == nil {
				t.Errorf("key %s was taken for the address %v", text, a)
			}
			continue
		}
		forms := []string{text}
		if is.TryCaseFlip {
			forms = append(forms, strings.ToUpper(text))
		}
		for _, form := range forms {
			a, err := c.Decode(form)
			if err != nil || hex.EncodeToString(a.Script()) != want || a.String() != text {
				t.Errorf("%s: %v %x %v, want %s", form, a, a.Script(), err, want)
				continue
			}
			if b, ok := c.FromScript(a.Script()); !ok || b != a {
				t.Errorf("FromScript(%s) = %v %v", want, b, ok)
			}
			if _, err := c.DecodeWIF(form); err == nil {
				t.Errorf("address %s was taken for a key", form)
			}
		}
	}
}

func TestKeyIOInvalid(t *testing.T) {
	var rows [][1]string
	vectors(t, "key_io_invalid.json", &rows)
	for _, row := range rows {
		for name, c := range codecs {
			if a, err := c.Decode(row[0]); err == nil {
				t.Errorf("%s: %q was taken for %v", name, row[0], a)
			}
			if _, err := c.DecodeWIF(row[0]); err == nil {
				t.Errorf("%s: %q was taken for a key", name, row[0])
			}
		}
	}
}

func TestBase58Vectors(t *testing.T) {
	var rows [][2]string
	vectors(t, "base58_encode_decode.json", &rows)
	for _, row := range rows {
		raw, _ := hex.DecodeString(row[0])
		if got := base58.Encode(raw); got != row[1] {
			t.Errorf("Encode(%s) = %q, want %q", row[0], got, row[1])
		}
		if len(raw)+checksumSize > maxBase58Data {
			if _, err := decodeBase58(row[1]); len(raw) > maxBase58Data && !errors.Is(err, ErrBase58) {
				t.Errorf("%d bytes: error %v, want ErrBase58", len(raw), err)
			}
			continue
		}
		if got, err := decodeBase58(row[1]); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("decode(%q) = %x %v", row[1], got, err)
		}
		if got, err := DecodeBase58Check(EncodeBase58Check(raw), len(raw)); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("check round trip of %s: %x %v", row[0], got, err)
		}
		if _, err := DecodeBase58Check(EncodeBase58Check(raw), len(raw)-1); err == nil {
			t.Errorf("%s: the length limit did not hold", row[0])
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	program := func(hrp string, version byte, n int) string {
		return encodeBech32(hrp, version, make([]byte, n))
	}
	good := "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
	flip := func(i int, c byte) string { return good[:i] + string(c) + good[i+1:] }
	tests := []struct {
		name, text, want string
		at               []int
	}{
		{"foreign bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "Invalid or unsupported Segwit (Bech32) or Base58 encoding.", nil},
		{"empty", "", "Invalid checksum or length of Base58 address (P2PKH or P2SH)", nil},
		{"foreign prefix after ours", program("bcrtx", 0, 20), "Invalid or unsupported prefix for Segwit (Bech32) address (expected bcrt, got bcrtx).", nil},
		{"main net base58", mainnet.PubKeyHash([20]byte{1}).String(), "Invalid or unsupported Base58-encoded address.", nil},
		{"short base58", EncodeBase58Check([]byte{0x6f, 1, 2}), "Invalid length for Base58 address (P2PKH or P2SH)", nil},
		{"base58 checksum", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfm", "Invalid checksum or length of Base58 address (P2PKH or P2SH)", nil},
		{"long base58", strings.Repeat("z", 250), "Invalid or unsupported Segwit (Bech32) or Base58 encoding.", nil},
		{"program size v0", program("bcrt", 0, 21), "Invalid Bech32 v0 address program size (21 bytes), per BIP141", nil},
		{"program of one byte", program("bcrt", 1, 1), "Invalid Bech32 address program size (1 byte)", nil},
		{"program of 41 bytes", program("bcrt", 1, 41), "Invalid Bech32 address program size (41 bytes)", nil},
		{"version 17", program("bcrt", 17, 20), "Invalid Bech32 address witness version", nil},
		{"mixed case", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygT080", "Invalid character or mixed case", []int{40}},
		{"no separator", "bcrtqqqqqqqqqq", "Missing separator", nil},
		{"separator too late", "bcrt1qqqqq", "Invalid separator position", []int{4}},
		{"character outside the set", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kbgt080", "Invalid Base 32 character", []int{38}},
		{"one wrong character", flip(20, 'q'), "Invalid Bech32 checksum", []int{20}},
		{"two wrong characters", flip(20, 'q')[:30] + "z" + good[31:], "Invalid Bech32 checksum", []int{20, 30}},
		{"too long", good + strings.Repeat("q", 48), "Bech32 string too long", []int{90, 91}},
	}
	for _, tt := range tests {
		_, err := regtest.Decode(tt.text)
		var got *Error
		if !errors.As(err, &got) || got.Text != tt.want || !reflect.DeepEqual(got.Locations, tt.at) {
			t.Errorf("%s: %q: got %#v, want %q %v", tt.name, tt.text, got, tt.want, tt.at)
		}
	}
}

func TestHRPNeverHidesBase58(t *testing.T) {
	c := regtest
	c.Versions.HRP = "m"
	a := c.PubKeyHash([20]byte{7})
	if got, err := c.Decode(a.String()); err != nil || got != a {
		t.Fatalf("Decode(%v) = %v, %v", a, got, err)
	}
}

func TestScriptType(t *testing.T) {
	key := "02" + strings.Repeat("11", 32)
	long := "04" + strings.Repeat("11", 64)
	tests := []struct {
		script, want string
		kind         Kind
	}{
		{"21" + key + "ac", "pubkey", None},
		{"41" + long + "ac", "pubkey", None},
		{"2105" + strings.Repeat("11", 32) + "ac", "nonstandard", None},
		{"76a914" + strings.Repeat("22", 20) + "88ac", "pubkeyhash", P2PKH},
		{"a914" + strings.Repeat("22", 20) + "87", "scripthash", P2SH},
		{"0014" + strings.Repeat("22", 20), "witness_v0_keyhash", P2WPKH},
		{"0020" + strings.Repeat("22", 32), "witness_v0_scripthash", P2WSH},
		{"0015" + strings.Repeat("22", 21), "nonstandard", None},
		{"5120" + strings.Repeat("22", 32), "witness_v1_taproot", P2TR},
		{"51024e73", "anchor", Anchor},
		{"5114" + strings.Repeat("22", 20), "witness_unknown", WitnessUnknown},
		{"6020" + strings.Repeat("22", 32), "witness_unknown", WitnessUnknown},
		{"6a", "nulldata", None},
		{"6a0568656c6c6f", "nulldata", None},
		{"6a05", "nonstandard", None},
		{"6aac", "nonstandard", None},
		{"5121" + key + "51ae", "multisig", None},
		{"5121" + key + "21" + key + "52ae", "multisig", None},
		{"5221" + key + "51ae", "nonstandard", None},
		{"5121" + key + "52ae", "nonstandard", None},
		{"0021" + key + "51ae", "nonstandard", None},
		{"5121" + key + "51aeae", "nonstandard", None},
		{"510151ae", "nonstandard", None},
		{"51" + strings.Repeat("21"+key, 17) + "0111ae", "multisig", None},
		{"51" + strings.Repeat("21"+key, 16) + "0110ae", "nonstandard", None},
		{"51" + strings.Repeat("21"+key, 21) + "0115ae", "nonstandard", None},
		{"", "nonstandard", None},
		{"51", "nonstandard", None},
		{"ae", "nonstandard", None},
	}
	for _, tt := range tests {
		script, err := hex.DecodeString(tt.script)
		if err != nil {
			t.Fatal(err)
		}
		if got := ScriptType(script); got != tt.want {
			t.Errorf("ScriptType(%s) = %s, want %s", tt.script, got, tt.want)
		}
		a, ok := regtest.FromScript(script)
		if a.Kind() != tt.kind || ok != (tt.kind != None) || ok && !bytes.Equal(a.Script(), script) {
			t.Errorf("FromScript(%s) = %v %v (kind %d), want kind %d", tt.script, a, ok, a.Kind(), tt.kind)
		}
	}
}

func TestWIFRefusesBadKeys(t *testing.T) {
	order, _ := hex.DecodeString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
	for name, payload := range map[string][]byte{
		"zero":            append([]byte{0xef}, make([]byte, 32)...),
		"group order":     append([]byte{0xef}, order...),
		"compressed flag": append(append([]byte{0xef}, bytes.Repeat([]byte{1}, 32)...), 2),
		"short":           append([]byte{0xef}, bytes.Repeat([]byte{1}, 31)...),
		"other chain":     append([]byte{0x80}, bytes.Repeat([]byte{1}, 32)...),
	} {
		if _, err := regtest.DecodeWIF(EncodeBase58Check(payload)); !errors.Is(err, ErrKey) {
			t.Errorf("%s: error %v, want ErrKey", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range codecs {
		f.Add(c.PubKeyHash([20]byte{1}).String())
		f.Add(c.ScriptHash([20]byte{2}).String())
		f.Add(c.WitnessPubKeyHash([20]byte{3}).String())
		f.Add(c.WitnessScript([]byte{4}).String())
	}
	f.Add("bcrt1")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := regtest.Decode(text)
		if err != nil {
			if a != (Address{}) {
				t.Fatalf("%q: an address beside the error %v", text, err)
			}
			return
		}
		if b, ok := regtest.FromScript(a.Script()); !ok || b != a {
			t.Fatalf("%q: %v comes back as %v", text, a, b)
		}
		if b, err := regtest.Decode(a.String()); err != nil || b != a {
			t.Fatalf("%q: %v comes back as %v, %v", text, a, b, err)
		}
	})
}
