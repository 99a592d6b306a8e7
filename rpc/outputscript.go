package rpc

import (
	"encoding/hex"
	"strings"

	"orrery/rpc/internal/scripttext"
	"orrery/wallet/address"
)

// outputScript reads an address, or a descriptor of the forms addr(ADDRESS)
// and raw(SCRIPT), whose checksum may be left out.
func outputScript(codec address.Codec, text string) ([]byte, bool) {
	if a, err := codec.Decode(text); err == nil {
		return a.Script(), true
	}
	body, sum, hasSum := strings.Cut(text, "#")
	if want, ok := scripttext.Checksum(body); hasSum && (!ok || sum != want) {
		return nil, false
	}
	inner, ok := strings.CutSuffix(body, ")")
	if !ok {
		return nil, false
	}
	if place, ok := strings.CutPrefix(inner, "addr("); ok {
		a, err := codec.Decode(place)
		return a.Script(), err == nil
	}
	if script, ok := strings.CutPrefix(inner, "raw("); ok {
		b, err := hex.DecodeString(script)
		return b, err == nil && len(b) > 0
	}
	return nil, false
}
