package consensus

import (
	"crypto/sha256"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
)

// TestFaultBeforeBadPush: Core runs a script up to a push that reaches beyond
// its end, whichever of the input's scripts that is.
func TestFaultBeforeBadPush(t *testing.T) {
	const cut = " 0x02ff"
	nested := func(script string) spend {
		s := p2wsh(t, script)
		program := append([]byte{txscript.OP_0, sha256.Size}, s.output[2:]...)
		s.output = append(append([]byte{txscript.OP_HASH160, 20}, hash160(t, program)...), txscript.OP_EQUAL)
		s.input = pushBytes(program)
		return s
	}
	tests := []struct {
		name  string
		spend spend
		flags Flags
		want  scriptFault
	}{
		{"output script", bare(t, "RETURN"+cut, ""), 0, faultReturn},
		{"output script, nothing before", bare(t, "1"+cut, ""), 0, faultBadOpcode},
		{"output script, branch not run", bare(t, "0 IF"+cut, ""), 0, faultBadOpcode},
		{"output script, number", bare(t, "0x050000000001 1ADD"+cut, ""), 0, faultScriptNum},
		{"output script, input script fails", bare(t, "1"+cut, "ADD"), 0, faultStackOperation},
		{"input script", bare(t, "1", "RETURN"+cut), 0, faultReturn},
		{"input script, nothing before", bare(t, "RETURN", "1"+cut), 0, faultBadOpcode},
		{"both", bare(t, "RETURN"+cut, "1"+cut), 0, faultBadOpcode},
		{"P2SH", p2sh(t, "ADD"+cut, "1"), 0, faultStackOperation},
		{"P2SH, nothing before", p2sh(t, "ADD"+cut, "1 1"), 0, faultBadOpcode},
		{"P2SH, input script", p2sh(t, "ADD", "1").with(func(s *spend) { s.input = append(s.input, 2) }), 0, faultBadOpcode},
		{"version 0", p2wsh(t, "RETURN"+cut), 0, faultReturn},
		{"version 0, nothing before", p2wsh(t, "ADD"+cut, []byte{1}, []byte{1}), 0, faultBadOpcode},
		{"version 0, item", p2wsh(t, "ADD"+cut, []byte{1}), 0, faultStackOperation},
		{"version 0, policy", p2wsh(t, "IF"+cut, []byte{2}), StandardFlags, faultMinimalIf},
		{"version 0 in P2SH", nested("RETURN" + cut), 0, faultReturn},
		{"version 0 in P2SH, nothing before", nested("1" + cut), 0, faultBadOpcode},
		{"tapscript is read as a whole", scriptPath(t, "RETURN"+cut), 0, faultBadOpcode},
		{"separator, policy", bare(t, "CODESEPARATOR"+cut, ""), StandardFlags, faultCodeSeparator},
		{"separator, block", bare(t, "CODESEPARATOR"+cut, ""), 0, faultBadOpcode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check := tt.spend.check(BlockFlags | tt.flags)
			before := check.Tx.Bytes()
			if got := PrepareScripts(&check, nil).run(0, check.Flags); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if string(check.Tx.Bytes()) != string(before) {
				t.Error("the transaction was changed")
			}
		})
	}
}
