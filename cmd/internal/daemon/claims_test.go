package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	names "orrery/core/directory"
)

// signedClaim is one that its own P2TR address signs.
func signedClaim(t *testing.T, name string, secret byte) names.Claim {
	t.Helper()
	key, public := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{secret}, 32))
	c := names.Claim{Name: name, Script: append([]byte{0x51, 32}, schnorr.SerializePubKey(public)...)}
	var err error
	if c.Signature, err = names.Sign(key, c.Script, c.Digest([32]byte{})); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCarriedClaims(t *testing.T) {
	var s directoryService
	for i := range maxCarried {
		if err := s.Carry(signedClaim(t, fmt.Sprint("n", i), 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Carry(signedClaim(t, "n3", 2)); err == nil {
		t.Error("two claims of one name wait")
	}
	if err := s.Carry(signedClaim(t, "late", 1)); !errors.Is(err, errManyClaims) {
		t.Error(err)
	}
	table := names.NewTable([32]byte{})
	if outs := s.outputs(table, 0); len(outs) != maxCarried || len(s.Carried()) != maxCarried {
		t.Errorf("%d outputs for %d claims", len(outs), maxCarried)
	}
	// One has come into a block, one has lost against another.
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(new(wire.TxIn))
	for _, c := range []names.Claim{signedClaim(t, "n0", 1), signedClaim(t, "n1", 2)} {
		tx.AddTxOut(wire.NewTxOut(0, c.OutputScript()))
	}
	table, _ = table.Apply(consensus.NewBlock(consensus.Header{}, []*consensus.Tx{consensus.NewTx(tx)}), 5)
	for _, c := range []struct {
		tip           int32
		outs, carried int
	}{{5, maxCarried - 2, maxCarried}, {5 + claimSettled - 1, maxCarried - 2, maxCarried}, {5 + claimSettled, maxCarried - 2, maxCarried - 2}} {
		if outs := s.outputs(table, c.tip); len(outs) != c.outs || len(s.Carried()) != c.carried {
			t.Errorf("at height %d %d outputs, %d carried; want %+v", c.tip, len(outs), len(s.Carried()), c)
		}
	}
	// A reorg that takes both away lets the others go on.
	if outs := s.outputs(names.NewTable([32]byte{}), 5); len(outs) != maxCarried-2 {
		t.Errorf("%d outputs", len(outs))
	}
}
