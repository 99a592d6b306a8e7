package consensus

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

const (
	satoshiMessage = "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks"
	satoshiScript  = "4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac"
)

// regtestFile is Bitcoin Core's regtest with a policy 0 made up here.
func regtestFile() ChainFile {
	return ChainFile{
		Format: ChainFormat,
		Name:   "regtest",
		Genesis: ChainGenesis{
			Message: satoshiMessage, Time: 1296688602, Bits: 0x207fffff, Nonce: 2,
			Reward: 50 * CoinUnit, Script: satoshiScript,
		},
		Addresses:     ChainAddresses{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "bcrt"},
		Maturity:      100,
		MaxWeight:     4_000_000,
		PowLimit:      "7f" + strings.Repeat("ff", 31),
		Spacing:       600,
		MaxFutureTime: 7200,
		MinLead:       1,
		Policy0:       strings.Repeat("0123456789abcdef", 4),
	}
}

const regtestCanonical = `{"addresses":{"hrp":"bcrt","p2pkh":111,"p2sh":196,"wif":239},"experiment_key":"","format":1,` +
	`"genesis":{"bits":545259519,"message":"` + satoshiMessage + `","nonce":2,"reward":5000000000,"script":"` + satoshiScript + `","time":1296688602},` +
	`"maturity":100,"max_future_time":7200,"max_weight":4000000,"min_lead":1,"name":"regtest",` +
	`"policy0":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",` +
	`"pow_limit":"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","spacing":600}`

// TestChainFileGolden pins the bytes and the network id: a change of either
// splits every network that exists.
func TestChainFileGolden(t *testing.T) {
	raw, err := regtestFile().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != regtestCanonical {
		t.Errorf("canonical bytes\n got %s\nwant %s", raw, regtestCanonical)
	}
	id, err := regtestFile().NetworkID()
	if err != nil {
		t.Fatal(err)
	}
	// printf 'orrery-chain\0%s' BYTES | sha256sum
	const want = "38d0b673bdfeb3a2987d4d51d2c1a072feee289062b200d1486589ff3454cb42"
	if got := hex.EncodeToString(id[:]); got != want {
		t.Errorf("network id %s, want %s", got, want)
	}
	back, err := ParseChainFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	if back != regtestFile() {
		t.Errorf("read back %+v", back)
	}
}

func TestParseChainFileRefuses(t *testing.T) {
	replace := func(old, with string) string {
		if !strings.Contains(regtestCanonical, old) {
			t.Fatalf("%q is not in the file", old)
		}
		return strings.Replace(regtestCanonical, old, with, 1)
	}
	for _, c := range []struct{ name, raw, want string }{
		{"empty", "", "not JSON"},
		{"cut", regtestCanonical[:100], "not JSON"},
		{"array", "[]", "the whole must be an object"},
		{"number", "7", "the whole must be an object"},
		{"later format with new keys", replace(`"format":1`, `"format":3,"fresh":0`), "format 3 is not known"},
		{"unknown key", replace(`"maturity":100,`, `"maturity":100,"maturityy":1,`), `unknown key "maturityy"`},
		{"unknown key inside", replace(`"hrp":"bcrt",`, `"hrp":"bcrt","hrq":1,`), `unknown key "addresses.hrq"`},
		{"dotted key", replace(`"maturity":100,`, `"maturity":100,"genesis.time":1,`), `unknown key "genesis.time"`},
		{"other case", replace(`"maturity"`, `"Maturity"`), `unknown key "Maturity"`},
		{"key twice", replace(`"maturity":100,`, `"maturity":100,"maturity":100,`), `"maturity" stands twice`},
		{"object twice", replace(`"addresses":`, `"addresses":{"hrp":"x"},"addresses":`), `"addresses.hrp" stands twice`},
		{"missing", replace(`"maturity":100,`, ``), `"maturity" is missing`},
		{"missing inside", replace(`"nonce":2,`, ``), `"genesis.nonce" is missing`},
		{"missing object", `{"format":1}`, `"name" is missing`},
		{"null", replace(`"maturity":100`, `"maturity":null`), "maturity must be an integer"},
		{"text for integer", replace(`"maturity":100`, `"maturity":"100"`), "maturity must be an integer"},
		{"integer for text", replace(`"name":"regtest"`, `"name":1`), "name must be a text"},
		{"object for integer", replace(`"maturity":100`, `"maturity":{}`), "maturity must be an integer"},
		{"integer for object", replace(`"addresses":{"hrp":"bcrt","p2pkh":111,"p2sh":196,"wif":239}`, `"addresses":1`), "addresses must be an object"},
		{"fraction", replace(`"maturity":100`, `"maturity":100.0`), "without fraction"},
		{"exponent", replace(`"maturity":100`, `"maturity":1e2`), "without fraction"},
		{"minus zero", replace(`"nonce":2`, `"nonce":-0`), "canonical"},
		{"beyond 2^53", replace(`"nonce":2`, `"nonce":9007199254740993`), "2^53"},
		{"beyond 2^63", replace(`"nonce":2`, `"nonce":99999999999999999999`), "2^53"},
		{"white space", replace(`"maturity":100`, `"maturity": 100`), "canonical"},
		{"order", replace(`"maturity":100,"max_future_time":7200`, `"max_future_time":7200,"maturity":100`), "canonical"},
		{"needless escape", replace(`"regtest"`, `"\u0072egtest"`), "canonical"},
		{"lone surrogate", replace(`"regtest"`, `"\ud800"`), "canonical"},
		{"bad UTF-8", replace(`"regtest"`, "\"\xff\""), "canonical"},
		{"newline at the end", regtestCanonical + "\n", "canonical"},
		{"more behind", regtestCanonical + "{}", "behind the closing brace"},
		{"later format", replace(`"format":1`, `"format":2`), "format 2 is not known"},
		{"too long", regtestCanonical + strings.Repeat(" ", maxChainFile), "at most 65536"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseChainFile([]byte(c.raw))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestChainFileRanges(t *testing.T) {
	for _, c := range []struct {
		member string
		change func(*ChainFile)
	}{
		{"format", func(f *ChainFile) { f.Format = 0 }},
		{"name", func(f *ChainFile) { f.Name = "" }},
		{"name", func(f *ChainFile) { f.Name = "Upper" }},
		{"name", func(f *ChainFile) { f.Name = strings.Repeat("a", 33) }},
		{"genesis.message", func(f *ChainFile) { f.Genesis.Message = "" }},
		{"genesis.message", func(f *ChainFile) { f.Genesis.Message = strings.Repeat("a", 92) }},
		{"genesis.message", func(f *ChainFile) { f.Genesis.Message = "\xff" }},
		{"genesis.time", func(f *ChainFile) { f.Genesis.Time = 0 }},
		{"genesis.time", func(f *ChainFile) { f.Genesis.Time = 1 << 32 }},
		{"genesis.bits", func(f *ChainFile) { f.Genesis.Bits = 0 }},
		{"genesis.bits", func(f *ChainFile) { f.Genesis.Bits = -1 }},
		{"genesis.bits", func(f *ChainFile) { f.Genesis.Bits = 1 << 32 }},
		{"genesis.bits", func(f *ChainFile) { f.Genesis.Bits = 0x20800001 }}, // negative
		{"genesis.bits", func(f *ChainFile) { f.Genesis.Bits = 0x2100ffff }}, // above pow_limit
		{"genesis.bits", func(f *ChainFile) { f.Genesis.Bits = 0x20000001 }}, // not normal
		{"genesis.bits", func(f *ChainFile) { f.Genesis.Bits = 0xff123456 }}, // overflow
		{"genesis.nonce", func(f *ChainFile) { f.Genesis.Nonce = -1 }},
		{"genesis.nonce", func(f *ChainFile) { f.Genesis.Nonce = badNonce }}, // no proof of work
		{"genesis.nonce", func(f *ChainFile) { f.Genesis.Nonce = 1 << 32 }},
		{"genesis.reward", func(f *ChainFile) { f.Genesis.Reward = -1 }},
		{"genesis.reward", func(f *ChainFile) { f.Genesis.Reward = MaxMoney + 1 }},
		{"genesis.script", func(f *ChainFile) { f.Genesis.Script = "5" }},
		{"genesis.script", func(f *ChainFile) { f.Genesis.Script = "5A" }},
		{"genesis.script", func(f *ChainFile) { f.Genesis.Script = strings.Repeat("51", maxScriptSize+1) }},
		{"addresses.p2pkh", func(f *ChainFile) { f.Addresses.P2PKH = 256 }},
		{"addresses.p2sh", func(f *ChainFile) { f.Addresses.P2SH = -1 }},
		{"addresses.p2sh", func(f *ChainFile) { f.Addresses.P2SH = f.Addresses.P2PKH }},
		{"addresses.wif", func(f *ChainFile) { f.Addresses.WIF = 256 }},
		{"addresses.hrp", func(f *ChainFile) { f.Addresses.HRP = "" }},
		{"addresses.hrp", func(f *ChainFile) { f.Addresses.HRP = "1a" }},
		{"addresses.hrp", func(f *ChainFile) { f.Addresses.HRP = strings.Repeat("a", 31) }},
		{"maturity", func(f *ChainFile) { f.Maturity = 0 }},
		{"max_weight", func(f *ChainFile) { f.MaxWeight = minMaxWeight - 1 }},
		{"max_weight", func(f *ChainFile) { f.MaxWeight = maxMaxWeight + 1 }},
		{"pow_limit", func(f *ChainFile) { f.PowLimit = "7f" }},
		{"pow_limit", func(f *ChainFile) { f.PowLimit = strings.Repeat("00", 32) }},
		{"pow_limit", func(f *ChainFile) { f.PowLimit = strings.Repeat("ff", 32) }},
		{"spacing", func(f *ChainFile) { f.Spacing = 0 }},
		{"max_future_time", func(f *ChainFile) { f.MaxFutureTime = 0 }},
		{"min_lead", func(f *ChainFile) { f.MinLead = 0 }},
		{"experiment_key", func(f *ChainFile) { f.ExperimentKey = "00" }},
		{"experiment_key", func(f *ChainFile) { f.ExperimentKey = strings.Repeat("00", 32) }}, // no point has x = 0
		{"policy0", func(f *ChainFile) { f.Policy0 = "" }},
	} {
		f := regtestFile()
		c.change(&f)
		_, err := f.Params()
		var fault Fault
		if !errors.As(err, &fault) || fault.Member != c.member {
			t.Errorf("%s: error %v", c.member, err)
		}
	}
}

func TestChainFileParams(t *testing.T) {
	f := regtestFile()
	f.ExperimentKey = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	p, err := f.Params()
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "regtest" || p.Maturity != 100 || p.MaxWeight != 4_000_000 || p.Spacing != 600 || p.MaxFutureTime != 7200 || p.MinLead != 1 {
		t.Errorf("numbers %+v", p)
	}
	if (p.Addresses != AddressVersions{0x6f, 0xc4, 0xef, "bcrt"}) {
		t.Errorf("addresses %+v", p.Addresses)
	}
	if p.PowLimit.Hex() != "0x7"+strings.Repeat("f", 63) {
		t.Errorf("limit %s", p.PowLimit.Hex())
	}
	if hex.EncodeToString(p.Policy0[:]) != f.Policy0 || hex.EncodeToString(p.ExperimentKey) != f.ExperimentKey {
		t.Errorf("policy0 %v, key %x", p.Policy0, p.ExperimentKey)
	}
	if id, _ := f.NetworkID(); p.NetworkID != id {
		t.Errorf("network id %x, want %x", p.NetworkID, id)
	}
}

func TestDiff(t *testing.T) {
	a, b := regtestFile(), regtestFile()
	if d := Diff(a, b); d != nil {
		t.Errorf("equal files: %q", d)
	}
	b.Spacing, b.Genesis.Bits, b.Name = 10, 0x1e53e2d6, "lab"
	want := []string{`name: "regtest" and "lab"`, "genesis.bits: 207fffff and 1e53e2d6", "spacing: 600 and 10"}
	if got := Diff(a, b); strings.Join(got, ";") != strings.Join(want, ";") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzChainFile: whatever is read is written back byte for byte, and values in
// range never make Params panic.
func FuzzChainFile(f *testing.F) {
	f.Add([]byte(regtestCanonical))
	f.Add([]byte(`{"format":1}`))
	f.Add([]byte(strings.Replace(regtestCanonical, "Times", `\u0001\"<>`, 1)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := ParseChainFile(raw)
		if err != nil {
			return
		}
		back, err := file.Bytes()
		if err != nil || string(back) != string(raw) {
			t.Fatalf("read %q, wrote %q, %v", raw, back, err)
		}
		if _, err := file.Params(); err != nil {
			return
		}
		if len(Diff(file, file)) != 0 {
			t.Fatal("a file differs from itself")
		}
	})
}
