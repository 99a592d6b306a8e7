package consensus

import "testing"

// TestSignatureInItsScript: the mempool refuses it before it looks at the form
// of the signature or the key.
func TestSignatureInItsScript(t *testing.T) {
	const bad, key = "0x02 0x3001", " 0x02 0x0505"
	for _, tt := range []struct {
		name  string
		spend spend
		flags Flags
		want  scriptFault
	}{
		{"bad form", bare(t, bad+" DROP"+key+" CHECKSIG", bad), StandardFlags, faultFindAndDelete},
		{"bad form, to verify", bare(t, bad+" DROP"+key+" CHECKSIGVERIFY 1", bad), StandardFlags, faultFindAndDelete},
		{"another one", bare(t, "0x02 0x3002 DROP"+key+" CHECKSIG", bad), StandardFlags, faultSigDER},
		{"inside a longer push", bare(t, "0x04 0x02300102 DROP"+key+" CHECKSIG", bad), StandardFlags, faultSigDER},
		{"block", bare(t, bad+" DROP"+key+" CHECKSIG", bad), 0, faultSigDER},
		{"witness script", p2wsh(t, bad+" DROP"+key+" CHECKSIG", []byte{0x30, 1}), StandardFlags, faultSigDER},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := tt.spend.check(BlockFlags | tt.flags)
			if got := PrepareScripts(&check, nil).run(0, check.Flags); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestUnknownKeyToVerify: the mempool refuses the key before it misses the
// signature.
func TestUnknownKeyToVerify(t *testing.T) {
	unknown, known := "0x020708", "0x20 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	for _, tt := range []struct {
		name, key string
		flags     Flags
		want      scriptFault
	}{
		{"unknown, policy", unknown, StandardFlags, faultUpgradablePubkey},
		{"unknown, block", unknown, 0, faultCheckSig},
		{"known, policy", known, StandardFlags, faultCheckSig},
		{"empty, policy", "0", StandardFlags, faultTapscriptPubkey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := scriptPath(t, tt.key+" CHECKSIGVERIFY 1", nil).check(BlockFlags | tt.flags)
			if got := PrepareScripts(&check, nil).run(0, check.Flags); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
