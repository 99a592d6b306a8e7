package rpc

import (
	"encoding/json"
	"strings"
	"testing"
)

const (
	testKey  = "03b0da749730dc9b4b1f4a14d6902877a92541f5368778853d9c4a0cb7802dcfb2"
	testHash = "5dd1d3a048119c27b28293056724d9522f26d945"
	longKey  = "04b0da749730dc9b4b1f4a14d6902877a92541f5368778853d9c4a0cb7802dcfb25e01fc8fde47c96c98a4f3a8123e33a38a50cf9025cc8c4494a518f991792bb7"
)

// TestDecodeScript: the whole answers are Core's
// (test/functional/data/rpc_decodescript.json).
func TestDecodeScript(t *testing.T) {
	r := newRig(t, 100)
	for script, want := range map[string]string{
		"5120" + strings.Repeat("ee", 32): `{"asm":"1 ` + strings.Repeat("ee", 32) + `","desc":"rawtr(` + strings.Repeat("ee", 32) + `)#jk7c6kys",
			"address":"bcrt1pamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhqz6nvlh","type":"witness_v1_taproot"}`,
		"5102eeee": `{"asm":"1 -28398","desc":"addr(bcrt1pamhqk96edn)#vkh8uj5a","address":"bcrt1pamhqk96edn","type":"witness_unknown"}`,
		"0020" + strings.Repeat("ee", 32): `{"asm":"0 ` + strings.Repeat("ee", 32) + `","desc":"addr(bcrt1qamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhqgdn98t)#afaecevx",
			"address":"bcrt1qamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhwamhqgdn98t","type":"witness_v0_scripthash","p2sh":"2MwGk8mw1GBP6U9D5X8gTvgvXpuknmAK3fo"}`,
		"a914" + strings.Repeat("ee", 20) + "87": `{"asm":"OP_HASH160 ` + strings.Repeat("ee", 20) + ` OP_EQUAL","desc":"addr(2NF2b3KS8xXb9XHvbRMXdZh8s5g92rUZHtp)#ywfcpmh9",
			"address":"2NF2b3KS8xXb9XHvbRMXdZh8s5g92rUZHtp","type":"scripthash"}`,
		"6a00":   `{"asm":"OP_RETURN 0","desc":"raw(6a00)#ncfmkl43","type":"nulldata"}`,
		"6aee":   `{"asm":"OP_RETURN OP_UNKNOWN","desc":"raw(6aee)#vsyzgqdt","type":"nonstandard"}`,
		"6a02ee": `{"asm":"OP_RETURN [error]","desc":"raw(6a02ee)#gvdwnlzl","type":"nonstandard"}`,
		"02eeee": `{"asm":"-28398","desc":"raw(02eeee)#5xzck7pr","type":"nonstandard","p2sh":"2N34iiGoUUkVSPiaaTFpJjB1FR9TXQu3PGM",
			"segwit":{"asm":"0 96c2368fc30514a438a8bd909f93c49a1549d77198ccbdb792043b666cb24f42","desc":"addr(bcrt1qjmprdr7rq522gw9ghkgfly7yng25n4m3nrxtmdujqsakvm9jfapqk795l5)#5akkdska",
			"hex":"002096c2368fc30514a438a8bd909f93c49a1549d77198ccbdb792043b666cb24f42","address":"bcrt1qjmprdr7rq522gw9ghkgfly7yng25n4m3nrxtmdujqsakvm9jfapqk795l5",
			"type":"witness_v0_scripthash","p2sh-segwit":"2MtoejEictTQ6XtmHYzoYttt35Ec6krqFKN"}}`,
		"ba": `{"asm":"OP_CHECKSIGADD","desc":"raw(ba)#yy0eg44l","type":"nonstandard"}`,
		"50": `{"asm":"OP_RESERVED","desc":"raw(50)#a7tu03xf","type":"nonstandard"}`,
	} {
		r.same(r.call("decodescript", script), want)
	}
	r.fails(CodeParameter, "argument must be hexadecimal string (not 'xyz')", "decodescript", "xyz")
}

// TestDecodeScriptForms: after test/functional/rpc_decodescript.py.
func TestDecodeScriptForms(t *testing.T) {
	r := newRig(t, 100)
	const none = "-"
	for name, c := range map[string]struct{ script, kind, asm, segwit string }{
		"P2PK":            {"21" + testKey + "ac", "pubkey", testKey + " OP_CHECKSIG", "0 " + testHash},
		"P2PKH":           {"76a914" + testHash + "88ac", "pubkeyhash", "OP_DUP OP_HASH160 " + testHash + " OP_EQUALVERIFY OP_CHECKSIG", "0 " + testHash},
		"multisig":        {"52" + strings.Repeat("21"+testKey, 3) + "53ae", "multisig", "2 " + strings.Repeat(testKey+" ", 3) + "3 OP_CHECKMULTISIG", ""},
		"null data":       {"6a4730", "nonstandard", "OP_RETURN [error]", none},
		"CLTV":            {"6321" + testKey + "ad670320a107b1756821" + testKey + "ac", "nonstandard", "OP_IF " + testKey + " OP_CHECKSIGVERIFY OP_ELSE 500000 OP_CHECKLOCKTIMEVERIFY OP_DROP OP_ENDIF " + testKey + " OP_CHECKSIG", ""},
		"long P2PK":       {"41" + longKey + "ac", "pubkey", longKey + " OP_CHECKSIG", none},
		"long multisig":   {"5221" + testKey + "41" + longKey + "52ae", "multisig", "2 " + testKey + " " + longKey + " 2 OP_CHECKMULTISIG", none},
		"P2WPKH":          {"0014" + testHash, "witness_v0_keyhash", "0 " + testHash, none},
		"anchor":          {"51024e73", "anchor", "1 29518", none},
		"numbers":         {"4f00515a60028000028080", "nonstandard", "-1 0 1 10 16 128 -128", ""},
		"five bytes":      {"050102030405", "nonstandard", "0102030405", ""},
		"pushes":          {"4c0101" + "4d020001ff" + "4e0100000081", "nonstandard", "1 -32513 -1", ""},
		"last operations": {"b0b2b9ba", "nonstandard", "OP_NOP1 OP_CHECKSEQUENCEVERIFY OP_NOP10 OP_CHECKSIGADD", none},
		"invalid":         {"ffbb", "nonstandard", "OP_INVALIDOPCODE OP_UNKNOWN", none},
		"empty":           {"", "nonstandard", "", ""},
	} {
		var d decodedScript
		r.into(&d, "decodescript", c.script)
		if d.Type != c.kind || d.Asm != c.asm {
			t.Errorf("%s: %s %q, want %s %q", name, d.Type, d.Asm, c.kind, c.asm)
		}
		if (d.Segwit == nil) != (c.segwit == none) || d.Segwit != nil && c.segwit != "" && d.Segwit.Asm != c.segwit {
			t.Errorf("%s: segwit %+v, want %q", name, d.Segwit, c.segwit)
		}
	}
	var d decodedScript
	r.into(&d, "decodescript", "52"+strings.Repeat("21"+testKey, 3)+"53ae")
	if want := "multi(2," + testKey + "," + testKey + "," + testKey + ")"; !strings.HasPrefix(d.Desc, want+"#") || !strings.HasPrefix(d.Segwit.Desc, "wsh("+want+")#") {
		t.Errorf("%s, %s", d.Desc, d.Segwit.Desc)
	}
}

// TestInputAsm: what looks like a signature shows its hash type, in input
// scripts only (Core: decoderawtransaction_asm_sighashtype).
func TestInputAsm(t *testing.T) {
	r := newRig(t, 100)
	const (
		sig  = "304402207174775824bec6c2700023309a168231ec80b82c6069282f5133e6f11cbb04460220570edc55c7c5da2ca687ebd0372d3546ebc3f810516a002350cac72dfe192dfb"
		fake = "3011020701010101010101020601010101010101"
	)
	for script, want := range map[string]string{
		"47" + sig + "01":                  sig + "[ALL]",
		"0047" + sig + "82":                "0 " + sig + "[NONE|ANYONECANPAY]",
		"47" + sig + "04":                  sig + "04",
		"6a14" + fake:                      "OP_RETURN " + fake,
		"14" + fake:                        strings.TrimSuffix(fake, "01") + "[ALL]",
		"09" + "300602010002010001":        "300602010002010001"[:16] + "[ALL]",
		"09" + "300602018002010001":        "300602018002010001",   // R is negative
		"0a" + "30070202000102010001"[:20]: "30070202000102010001", // R has a needless zero
	} {
		raw := "01000000013ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a00000000" +
			hexLength(script) + script + "ffffffff0100000000000000000b6a0930060201000201000100000000"
		var tx struct {
			Vin  []struct{ ScriptSig inputScript }
			Vout []struct{ ScriptPubKey scriptResult }
		}
		r.into(&tx, "decoderawtransaction", raw)
		if got := tx.Vin[0].ScriptSig.Asm; got != want {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
		if got := tx.Vout[0].ScriptPubKey.Asm; got != "OP_RETURN 300602010002010001" {
			t.Errorf("output: %q", got)
		}
	}
}

func hexLength(script string) string {
	const digits = "0123456789abcdef"
	n := len(script) / 2
	return string([]byte{digits[n>>4], digits[n&15]})
}

// TestValidateAddress: the texts are Core's (validateaddress, key_io.cpp).
func TestValidateAddress(t *testing.T) {
	r := newRig(t, 100)
	for text, want := range map[string]string{
		"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080": `{"isvalid":true,"address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080","scriptPubKey":"0014751e76e8199196d454941c45d1b3a323f1433bd6",
			"isscript":false,"iswitness":true,"witness_version":0,"witness_program":"751e76e8199196d454941c45d1b3a323f1433bd6"}`,
		"BCRT1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KYGT080": `{"isvalid":true,"address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080","scriptPubKey":"0014751e76e8199196d454941c45d1b3a323f1433bd6",
			"isscript":false,"iswitness":true,"witness_version":0,"witness_program":"751e76e8199196d454941c45d1b3a323f1433bd6"}`,
		"2NF2b3KS8xXb9XHvbRMXdZh8s5g92rUZHtp":          `{"isvalid":true,"address":"2NF2b3KS8xXb9XHvbRMXdZh8s5g92rUZHtp","scriptPubKey":"a914` + strings.Repeat("ee", 20) + `87","isscript":true,"iswitness":false}`,
		"bcrt1pfeesnyr2tx":                             `{"isvalid":true,"address":"bcrt1pfeesnyr2tx","scriptPubKey":"51024e73","isscript":true,"iswitness":true}`,
		"bcrt1pamhqk96edn":                             `{"isvalid":true,"address":"bcrt1pamhqk96edn","scriptPubKey":"5102eeee","iswitness":true,"witness_version":1,"witness_program":"eeee"}`,
		"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt08q": `{"isvalid":false,"error_locations":[43],"error":"Invalid Bech32 checksum"}`,
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa":           `{"isvalid":false,"error_locations":[],"error":"Invalid or unsupported Base58-encoded address."}`,
		"":                                             `{"isvalid":false,"error_locations":[],"error":"Invalid checksum or length of Base58 address (P2PKH or P2SH)"}`,
	} {
		r.same(r.call("validateaddress", text), want)
	}
}

func TestEstimateSmartFee(t *testing.T) {
	r := newRig(t, 100)
	r.same(r.call("estimatesmartfee", 6), `{"errors":["Insufficient data or no feerate found"],"blocks":0}`)
	r.same(r.call("estimatesmartfee", 1008, "CONSERVATIVE"), `{"errors":["Insufficient data or no feerate found"],"blocks":0}`)
	r.fails(CodeParameter, "Invalid conf_target, must be between 1 and 1008", "estimatesmartfee", 0)
	r.fails(CodeParameter, "Invalid conf_target, must be between 1 and 1008", "estimatesmartfee", 1009)
	r.fails(CodeParameter, `Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"`, "estimatesmartfee", 6, "fast")
}

func TestNetworkInfo(t *testing.T) {
	r := newRig(t, 100)
	o := r.object("getnetworkinfo")
	if o["subversion"] != "/Satoshi:31.0.0(orrery 1.2.3)/" || o["version"] != 310000.0 || o["relayfee"] != 0.000001 || o["connections"] != 0.0 {
		t.Errorf("%v", o)
	}
	r.same(r.call("getpeerinfo"), "[]")
	r.same(r.call("getconnectioncount"), "0")
	if id := r.object("getblockchaininfo")["network_id"]; id != o["network_id"] {
		t.Errorf("network id %v and %v", id, o["network_id"])
	}
}

// TestDouble: numbers as C's %.16g writes them.
func TestDouble(t *testing.T) {
	for n, want := range map[double]string{0: "0", 1: "1", 0.5: "0.5", 4.6565423739069247e-10: "4.656542373906925e-10", 1e15: "1000000000000000", 1e16: "1e+16", 123456789.125: "123456789.125"} {
		if got, err := json.Marshal(n); err != nil || string(got) != want {
			t.Errorf("%v: %s, want %s (%v)", float64(n), got, want, err)
		}
	}
	for bits, want := range map[uint32]string{0x1d00ffff: "1", 0x207fffff: "4.656542373906925e-10", 0x1b0404cb: "16307.42093852398", 0x170331db: "88104191118793.16"} {
		if got, _ := difficulty(bits).MarshalJSON(); string(got) != want {
			t.Errorf("%08x: %s, want %s", bits, got, want)
		}
	}
}
