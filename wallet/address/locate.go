package address

import "strings"

const (
	bech32Charset  = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	maxBech32Text  = 90 // BIP173
	bech32Check    = 6  // characters of checksum
	bech32Const    = 1
	bech32mConst   = 0x2bc830a3 // BIP350
	maxErrorPlaces = 1000       // so that a huge text does not become a huge answer
)

// locateErrors says what is wrong with a bech32 text that does not decode, and
// where, with Core's words (bech32::LocateErrors).
func locateErrors(text string) error {
	if len(text) > maxBech32Text {
		var at []int
		for i := maxBech32Text; i < len(text) && len(at) < maxErrorPlaces; i++ {
			at = append(at, i)
		}
		return &Error{"Bech32 string too long", at}
	}
	if at := wrongCharacters(text); len(at) > 0 {
		return &Error{"Invalid character or mixed case", at}
	}
	text = strings.ToLower(text)
	sep := strings.LastIndexByte(text, '1')
	if sep < 0 {
		return &Error{"Missing separator", nil}
	}
	if sep == 0 || sep+bech32Check >= len(text) {
		return &Error{"Invalid separator position", []int{sep}}
	}
	values := make([]uint32, len(text)-sep-1)
	for i := range values {
		v := strings.IndexByte(bech32Charset, text[sep+1+i])
		if v < 0 {
			return &Error{"Invalid Base 32 character", []int{sep + 1 + i}}
		}
		values[i] = uint32(v)
	}
	return locateChecksum(text[:sep], values, len(text))
}

// wrongCharacters lists characters outside ASCII 33 to 126 and, once both
// cases have occurred, each one in the case that came second.
func wrongCharacters(text string) (at []int) {
	lower, upper := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z':
			if upper {
				at = append(at, i)
			} else {
				lower = true
			}
		case c >= 'A' && c <= 'Z':
			if lower {
				at = append(at, i)
			} else {
				upper = true
			}
		case c < 33 || c > 126:
			at = append(at, i)
		}
	}
	return at
}

func locateChecksum(hrp string, values []uint32, length int) error {
	residue := bech32Residue(hrp, values)
	found := &Error{Text: "Invalid checksum"}
	for _, e := range []struct {
		constant uint32
		text     string
	}{{bech32Const, "Invalid Bech32 checksum"}, {bech32mConst, "Invalid Bech32m checksum"}} {
		at := errorPlaces(residue^e.constant, len(values))
		if len(at) > 0 && (found.Locations == nil || len(at) < len(found.Locations)) {
			found = &Error{Text: e.text}
			for _, p := range at {
				found.Locations = append(found.Locations, length-1-p)
			}
		}
	}
	return found
}

// errorPlaces finds the one or two places, counted from the right, whose
// characters must differ for the residue to vanish; left place first. The
// checksum is linear, so an error's residue depends on its place and value
// only, and the code's distance of 5 makes the answer unique. Nil when more
// than two characters are wrong.
func errorPlaces(residue uint32, n int) []int {
	place := make(map[uint32]int, n*31)
	for value := uint32(1); value < 32; value++ {
		r := value
		for p := 0; p < n; p++ {
			place[r] = p
			r = bech32Step(r)
		}
	}
	if p, ok := place[residue]; ok {
		return []int{p}
	}
	for value := uint32(1); value < 32; value++ {
		r := value
		for p := 0; p < n; p++ {
			if q, ok := place[residue^r]; ok && q != p {
				return []int{max(p, q), min(p, q)}
			}
			r = bech32Step(r)
		}
	}
	return nil
}

// bech32Step multiplies by x modulo BIP173's generator.
func bech32Step(r uint32) uint32 {
	top := r >> 25
	r = (r & 0x1ffffff) << 5
	for i, g := range [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			r ^= g
		}
	}
	return r
}

func bech32Residue(hrp string, values []uint32) uint32 {
	r := uint32(1)
	for i := 0; i < len(hrp); i++ {
		r = bech32Step(r) ^ uint32(hrp[i]>>5)
	}
	r = bech32Step(r)
	for i := 0; i < len(hrp); i++ {
		r = bech32Step(r) ^ uint32(hrp[i]&31)
	}
	for _, v := range values {
		r = bech32Step(r) ^ v
	}
	return r
}
