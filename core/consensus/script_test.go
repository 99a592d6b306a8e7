package consensus

import (
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
)

func everyFlag() Flags {
	var all Flags
	for _, f := range allFlags {
		all |= f.flag
	}
	return all
}

// TestTxValid: each row lists the rules to leave out; all others hold.
func TestTxValid(t *testing.T) {
	rows := readTxVectors(t, "tx_valid.json")
	if len(rows) < 100 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, v := range rows {
		tx, err := ParseTx(v.raw)
		if err != nil {
			t.Errorf("row %d: %v", v.row, err)
			continue
		}
		if err := CheckTransaction(tx, testMaxWeight); err != nil {
			t.Errorf("row %d: %v", v.row, err)
		}
		leaveOut := parseFlags(t, v.flags)
		verify := func(flags Flags) error {
			return SerialVerifier{}.Verify([]TxCheck{v.check(t, tx, flags)})
		}
		flags := everyFlag() &^ leaveOut
		if err := verify(flags); err != nil {
			t.Errorf("row %d: %v", v.row, err)
		}
		// A rule only ever forbids: without it the row still holds.
		for _, f := range allFlags {
			less := flags &^ f.flag
			if f.flag&(txscript.ScriptVerifyCheckLockTimeVerify|txscript.ScriptVerifyCheckSequenceVerify) != 0 {
				// Without its rule Core takes CHECKLOCKTIMEVERIFY as a plain
				// NOP, txscript as one of the discouraged NOPs. No flags in
				// use differ in this: both rules are part of BlockFlags.
				less &^= txscript.ScriptDiscourageUpgradableNops
			}
			if err := verify(trimFlags(less)); err != nil {
				t.Errorf("row %d without %s: %v", v.row, f.name, err)
			}
		}
		// The list is as short as can be: with one more rule the row fails.
		for _, f := range allFlags {
			if leaveOut&f.flag == 0 {
				continue
			}
			if more := flags | f.flag; more == fillFlags(more) && verify(more) == nil {
				t.Errorf("row %d holds with %s, which it leaves out", v.row, f.name)
			}
		}
	}
}

// TestTxInvalid: each row lists the rules to apply, or BADTX for what
// CheckTransaction refuses.
func TestTxInvalid(t *testing.T) {
	rows := readTxVectors(t, "tx_invalid.json")
	if len(rows) < 80 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, v := range rows {
		tx, err := ParseTx(v.raw)
		if v.flags == "BADTX" {
			if err == nil {
				err = CheckTransaction(tx, testMaxWeight)
			}
			if err == nil {
				t.Errorf("row %d: accepted", v.row)
			}
			continue
		}
		if err != nil {
			t.Errorf("row %d: %v", v.row, err)
			continue
		}
		flags := parseFlags(t, v.flags)
		verify := func(flags Flags) error {
			return SerialVerifier{}.Verify([]TxCheck{v.check(t, tx, flags)})
		}
		if verify(flags) == nil {
			t.Errorf("row %d: accepted", v.row)
		}
		for _, f := range allFlags {
			if verify(fillFlags(flags|f.flag)) == nil {
				t.Errorf("row %d with %s: accepted", v.row, f.name)
			}
			if flags&f.flag != 0 {
				if less := flags &^ f.flag; less == trimFlags(less) && verify(less) != nil {
					t.Errorf("row %d fails without %s, which it lists", v.row, f.name)
				}
			}
		}
	}
}
