package consensus

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/txscript/v2"
)

// TestErasedPushes: in "3 of 3, or not", Core looks at the second signature,
// which has no valid form, only when the first one verifies. That depends on
// whether the push of the third is taken out of the signed script. The wants
// are those of Core's interpreter.
func TestErasedPushes(t *testing.T) {
	var keys [3]*btcec.PrivateKey
	script := []string{"3"}
	for i := range keys {
		keys[i], _ = btcec.PrivKeyFromBytes(bytes.Repeat([]byte{byte(i + 1)}, 32))
		script = append(script, "0x21 0x"+hex.EncodeToString(keys[i].PubKey().SerializeCompressed()))
	}
	body := strings.Join(append(script, "3 CHECKMULTISIG NOT"), " ")
	tests := []struct {
		name   string
		before string // comes before body in the script
		signed string // what the first signature signs, if not the whole
		third  []byte
		flags  Flags
		want   scriptFault
	}{
		{"empty, signed without its push", "0 DROP", "DROP " + body, nil, 0, faultSigDER},
		{"empty, signed with its push", "0 DROP", "0 DROP " + body, nil, 0, ""},
		{"a byte, signed without its push", "0x0105 DROP", "DROP " + body, []byte{5}, 0, faultSigDER},
		{"a byte, signed with its push", "0x0105 DROP", "0x0105 DROP " + body, []byte{5}, 0, ""},
		{"byte 0, signed without its push", "0x0100 DROP", "DROP " + body, []byte{0}, 0, faultSigDER},
		{"its push as an operation stays", "5 DROP", "5 DROP " + body, []byte{5}, 0, faultSigDER},
		{"its push in a longer one stays", "0x020105 DROP", "0x020105 DROP " + body, []byte{5}, 0, faultSigDER},
		{"its push before a separator", "0 DROP CODESEPARATOR", body, nil, 0, faultSigDER},
		{"a separator in a branch not run", "0 IF CODESEPARATOR ENDIF", "IF ENDIF " + body, nil, 0, faultSigDER},
		{"a separator in the other branch", "0 IF ELSE CODESEPARATOR ENDIF", "ENDIF " + body, nil, 0, faultSigDER},
		{"policy", "0 DROP", "0 DROP " + body, nil, txscript.ScriptVerifyConstScriptCode, faultFindAndDelete},
	}
	for _, tt := range tests {
		for _, kind := range []string{"bare", "P2SH"} {
			t.Run(tt.name+", "+kind, func(t *testing.T) {
				whole := tt.before + " " + body
				s := bare(t, whole, "")
				if kind == "P2SH" {
					s = p2sh(t, whole, "")
				}
				hash, err := txscript.CalcSignatureHash(parseScript(t, tt.signed), txscript.SigHashAll, s.check(0).Tx.Msg, 0)
				if err != nil {
					t.Fatal(err)
				}
				first := append(ecdsa.Sign(keys[2], hash).Serialize(), byte(txscript.SigHashAll))
				input := []byte{txscript.OP_0}
				for _, sig := range [][]byte{tt.third, {0x30, 1, 1}, first} {
					input = append(input, pushOf(sig)...)
				}
				s.input = append(input, s.input...)
				check := s.check(BlockFlags | tt.flags)
				if got := PrepareScripts(&check, nil).run(0, check.Flags); got != tt.want {
					t.Fatalf("got %q, want %q", got, tt.want)
				}
			})
		}
	}
}

// TestEraserLeavesOthersAlone: counts that fail are txscript's to refuse.
func TestEraserLeavesOthersAlone(t *testing.T) {
	for _, tt := range []struct {
		script string
		want   scriptFault
	}{
		{"0 DROP 0 0 1 21 CHECKMULTISIG", faultPubkeyCount},
		{"0 DROP 0 0 -1 CHECKMULTISIG", faultPubkeyCount},
		{"0 DROP 0 0 2 0 1 CHECKMULTISIG", faultSigCount},
		{"0 DROP 1 CHECKMULTISIG", faultStackOperation},
		{"0 DROP 0 CHECKMULTISIG", faultStackOperation},
		{"0 DROP 0 0 1 0 1 CHECKMULTISIG", faultEvalFalse},
		{"0 DROP 1 0 1 0 1 CHECKMULTISIG", faultNullDummy},
		{"0 DROP 0 0 1 0 1 CHECKMULTISIGVERIFY 1", faultCheckMultisig},
		{"0 IF 0 0 1 0 1 CHECKMULTISIG ENDIF 1", ""},
		{"0 DROP 0 0 1 0 0x020100 CHECKMULTISIG NOT", ""},
	} {
		check := bare(t, tt.script, "").check(BlockFlags)
		if got := PrepareScripts(&check, nil).run(0, BlockFlags); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.script, got, tt.want)
		}
	}
}
