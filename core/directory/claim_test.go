package directory

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
)

// highS is the other signature with the same R.
func highS(signature []byte) []byte {
	twin := slices.Clone(signature)
	var s btcec.ModNScalar
	s.SetByteSlice(twin[33:])
	s.Negate()
	b := s.Bytes()
	copy(twin[33:], b[:])
	twin[0] = 31 + ((twin[0] - 31) ^ 1) // the other Y
	return twin
}

// The layout is fixed for good: chains hold it.
func TestLayout(t *testing.T) {
	c := claims(alice, "shop", 0x01020304, alice)
	const want = "6a4c69" + "4f52524e" + "01" + "04030201" + "04" + "73686f70" + "19" + "76a91479b000887626b294a914501a4cd226b58b23598388ac"
	got := hex.EncodeToString(c.OutputScript())
	if !strings.HasPrefix(got, want) || len(got) != len(want)+2*sigECDSA {
		t.Errorf("got %s\nwant %s…", got, want)
	}
	if d := c.Digest(network); hex.EncodeToString(d[:]) != wantDigest {
		t.Errorf("digest %x", d[:])
	}
}

// wantDigest was computed apart from this program, from the description of the
// layout.
const wantDigest = "64786f448d570657206e3f89fdf90d257bf15e1b51d3d3b3c30420302e93479c"

func TestParse(t *testing.T) {
	for i, p := range people {
		for _, name := range []string{"a", "0", "a-b", strings.Repeat("z", MaxName)} {
			c := claims(p, name, 7, people[(i+1)%6])
			got, ok := ParseOutput(c.OutputScript())
			if !ok || got.Name != c.Name || got.Seq != c.Seq || !bytes.Equal(got.Script, c.Script) || !bytes.Equal(got.Signature, c.Signature) {
				t.Errorf("%+v, %t, want %+v", got, ok, c)
			}
			script := c.OutputScript()
			for n := range script {
				if _, ok := ParseOutput(script[:n]); ok {
					t.Errorf("the first %d of %d bytes are a claim", n, len(script))
				}
			}
			if _, ok := ParseOutput(append(slices.Clone(script), 0)); ok {
				t.Error("a byte after the push")
			}
		}
	}
	for name, valid := range map[string]bool{
		"": false, "a": true, "-": false, "-a": false, "a-": false, "A": false, "ä": false, "a b": false, "a_b": false, "a.b": false,
		strings.Repeat("a", 32): true, strings.Repeat("a", 33): false, "9": true, "a--b": true, "a\x00b": false,
	} {
		if ValidName(name) != valid {
			t.Errorf("%q: %t", name, !valid)
		}
	}
}

func TestPlainData(t *testing.T) {
	good := ref(claims(alice, "shop", 0, alice)).OutputScript()
	for name, change := range map[string]func(b []byte) []byte{
		"no OP_RETURN":    func(b []byte) []byte { b[0] = 0x51; return b },
		"another push":    func(b []byte) []byte { return append([]byte{b[0], 0x4d, b[2], 0}, b[3:]...) },
		"two pushes":      func(b []byte) []byte { return append(b, 0x00) },
		"magic":           func(b []byte) []byte { b[3] = 'o'; return b },
		"version":         func(b []byte) []byte { b[7] = 2; return b },
		"capital letter":  func(b []byte) []byte { b[13] = 'S'; return b },
		"leading hyphen":  func(b []byte) []byte { b[13] = '-'; return b },
		"no name":         func(b []byte) []byte { b[12] = 0; return b },
		"long name":       func(b []byte) []byte { b[12] = 200; return b },
		"P2SH":            func(b []byte) []byte { b[18] = 0xa9; return b },
		"script length":   func(b []byte) []byte { b[17] = 0xff; return b },
		"push too short":  func(b []byte) []byte { b[2]--; return b },
		"an empty script": func([]byte) []byte { return nil },
		"OP_RETURN alone": func([]byte) []byte { return []byte{0x6a} },
	} {
		if _, ok := ParseOutput(change(slices.Clone(good))); ok {
			t.Errorf("%s: it is still a claim", name)
		}
	}
	if _, ok := ParseOutput(good); !ok {
		t.Error("what is not changed is no claim")
	}
}

// FuzzParse: whatever is taken is written again as it was, can be judged, and
// nothing else can.
func FuzzParse(f *testing.F) {
	for i, p := range people {
		f.Add(ref(claims(p, "shop", uint32(i), people[(i+1)%6])).OutputScript())
	}
	f.Add([]byte(nil))
	f.Add([]byte("\x6a\x4c\x09ORRN\x01"))
	table := genesis().child(claims(carol, "shop", 3, carol)).table()
	f.Fuzz(func(t *testing.T, script []byte) {
		c, ok := ParseOutput(script)
		if !ok {
			return
		}
		if !bytes.Equal(c.OutputScript(), script) {
			t.Errorf("%x is read and written as %x", script, c.OutputScript())
		}
		if !ValidName(c.Name) || !CanHold(c.Script) {
			t.Errorf("%+v", c)
		}
		// None of the seeds is carol's with a number above 3, and nobody finds a
		// signature by chance.
		if table.Check(&c) == nil {
			t.Errorf("%x is signed", script)
		}
	})
}
