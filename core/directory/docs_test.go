package directory

import (
	"encoding/hex"
	"os"
	"regexp"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/chain/chaintest"
)

// TestDocs: the example of docs/directory.md is a claim, and the one that the
// page says.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/directory.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("there is no example")
	}
	text := regexp.MustCompile(`\s`).ReplaceAllString(string(block[1]), "")
	one := [32]byte{31: 1}
	key, public := btcec.PrivKeyFromBytes(one[:])
	hash := chaintest.Hash160(public.SerializeCompressed())
	c := Claim{Name: "shop", Script: chaintest.Script(txscript.OP_DUP, txscript.OP_HASH160, hash, txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)}
	if c.Signature, err = Sign(key, c.Script, c.Digest([32]byte{})); err != nil {
		t.Fatal(err)
	}
	if want := hex.EncodeToString(c.OutputScript()); text != want {
		t.Errorf("the example is %s, want %s", text, want)
	}
}
