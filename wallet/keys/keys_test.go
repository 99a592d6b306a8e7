package keys

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"orrery/core/consensus"
	"orrery/wallet/address"
)

const abandon = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"

var (
	mainnet = address.Codec{Versions: consensus.AddressVersions{P2PKH: 0, P2SH: 5, WIF: 128, HRP: "bc"}}
	regtest = address.Codec{Versions: consensus.AddressVersions{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "bcrt"}}
)

func TestSeedVector(t *testing.T) {
	// BIP39's first vector of TREZOR's list, without passphrase.
	const want = "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"
	if got := hex.EncodeToString(Seed(abandon)); got != want {
		t.Fatalf("seed %s, want %s", got, want)
	}
}

// The addresses are those that other wallets show for these words on test
// networks (coin type 1).
func TestAddressVectors(t *testing.T) {
	testnet := regtest
	testnet.Versions.HRP = "tb"
	r, err := New(Seed(abandon), testnet, 2, [4]uint32{})
	if err != nil {
		t.Fatal(err)
	}
	for want, p := range map[string]Path{
		"mkpZhYtJu2r87Js3pDiWJDmPte2NRZ8bJV":         {Branch{BIP44, false}, 0},
		"tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl": {Branch{BIP84, false}, 0},
		"tb1qd7spv5q28348xl4myc8zmh983w5jx32cjhkn97": {Branch{BIP84, false}, 1},
	} {
		if got := r.Address(p).String(); got != want {
			t.Errorf("%v: %s, want %s", p, got, want)
		}
	}
}

func TestRingRecognisesAndSigns(t *testing.T) {
	r, err := New(Seed(abandon), regtest, 3, [4]uint32{2, 0, 1, 0})
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range Branches {
		next := [4]uint32{2, 0, 1, 0}[i]
		for j := uint32(0); j < next+3; j++ {
			p := Path{b, j}
			a := r.Address(p)
			if !bytes.Equal(a.Script(), r.Script(p)) {
				t.Errorf("%v: script and address differ", p)
			}
			if got, ok := r.Find(a.Script()); !ok || got != p {
				t.Errorf("Find(%v) = %v %v", p, got, ok)
			}
			key, err := r.Key(p)
			if err != nil || !bytes.Equal(key.PubKeyBytes(), r.PubKey(p)) {
				t.Errorf("%v: private and public key differ: %v", p, err)
			}
		}
	}
	if len(r.scripts) != 3*4+3 {
		t.Errorf("%d scripts known, want %d", len(r.scripts), 15)
	}
}

func TestUsedMovesTheLookAhead(t *testing.T) {
	wide, err := New(Seed(abandon), regtest, 20, [4]uint32{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Seed(abandon), regtest, 5, [4]uint32{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(i uint32) []byte { return wide.Script(Path{Branch{BIP44, false}, i}) }
	if _, ok := r.Find(at(5)); ok {
		t.Fatal("index 5 known with a gap of 5")
	}
	if grew, err := r.Used(Path{Branch{BIP44, false}, 4}); err != nil || !grew {
		t.Fatal(grew, err)
	}
	if grew, err := r.Used(Path{Branch{BIP44, false}, 3}); err != nil || grew {
		t.Fatal(grew, err)
	}
	if _, ok := r.Find(at(9)); !ok {
		t.Error("index 9 unknown after 4 was used")
	}
	if _, ok := r.Find(at(10)); ok {
		t.Error("index 10 known after 4 was used")
	}
}

func TestCleanWords(t *testing.T) {
	got, err := CleanWords("  Abandon\n" + strings.Repeat("abandon  ", 10) + "ABOUT ")
	if err != nil || got != abandon {
		t.Errorf("got %q, %v", got, err)
	}
	for name, text := range map[string]string{
		"empty":    "",
		"eleven":   strings.Repeat("abandon ", 11),
		"checksum": strings.Repeat("abandon ", 12),
		"spelling": strings.Replace(abandon, "about", "abaut", 1),
		"huge":     strings.Repeat("abandon ", 24_000),
	} {
		if _, err := CleanWords(text); !errors.Is(err, ErrWords) {
			t.Errorf("%s: error %v, want ErrWords", name, err)
		} else if strings.Contains(err.Error(), "abaut") {
			t.Errorf("%s: the error repeats a secret word: %v", name, err)
		}
	}
	words, err := NewWords(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if clean, err := CleanWords(words); err != nil || clean != words {
		t.Errorf("own words are refused: %v", err)
	}
}

func TestTooManyAddressesAreRefused(t *testing.T) {
	if _, err := New(Seed(abandon), mainnet, 20, [4]uint32{maxIndex + 1}); err == nil {
		t.Fatal("no error")
	}
	for _, gap := range []uint32{0, maxGap + 1, 1 << 31} {
		if _, err := New(Seed(abandon), mainnet, gap, [4]uint32{}); err == nil {
			t.Fatalf("no error for a gap of %d", gap)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	seed := Seed(abandon)
	for b.Loop() {
		if _, err := New(seed, regtest, 20, [4]uint32{}); err != nil {
			b.Fatal(err)
		}
	}
}
