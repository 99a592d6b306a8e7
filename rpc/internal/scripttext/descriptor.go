package scripttext

import (
	"encoding/hex"
	"strconv"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"

	"orrery/wallet/address"
)

// Descriptor is the output descriptor, with its checksum, that follows from
// a script alone (Core: InferDescriptor without keys): pk, multi, rawtr, addr
// or raw.
func Descriptor(codec address.Codec, script []byte) string {
	a, _ := codec.FromScript(script)
	return WithChecksum(infer(script, a))
}

// AddressDescriptor is Descriptor for a caller who knows the script's address,
// the zero Address if it has none.
func AddressDescriptor(script []byte, a address.Address) string {
	return WithChecksum(infer(script, a))
}

func infer(script []byte, a address.Address) string {
	switch {
	case a.Kind() == address.P2TR:
		if _, err := schnorr.ParsePubKey(a.Program()); err == nil {
			return "rawtr(" + hex.EncodeToString(a.Program()) + ")"
		}
		return "addr(" + a.String() + ")"
	case a.Kind() != address.None:
		return "addr(" + a.String() + ")"
	}
	if inner, ok := keys(script); ok {
		return inner
	}
	return "raw(" + hex.EncodeToString(script) + ")"
}

// keys writes a script of bare public keys.
func keys(script []byte) (string, bool) {
	if key := address.PubKey(script); key != nil && isKey(key) {
		return "pk(" + hex.EncodeToString(key) + ")", true
	}
	required, list := address.Multisig(script)
	if list == nil {
		return "", false
	}
	text := "multi(" + strconv.Itoa(required)
	for _, key := range list {
		if !isKey(key) {
			return "", false
		}
		text += "," + hex.EncodeToString(key)
	}
	return text + ")", true
}

// isKey excludes hybrid keys, as Core's IsValidNonHybrid.
func isKey(key []byte) bool { return key[0] == 2 || key[0] == 3 || key[0] == 4 }

// WitnessDescriptor is the descriptor of the P2WSH output of a witness script
// that is known (Core: InferDescriptor with that script). Scripts other than of
// bare keys give the address; Core also knows miniscript.
func WitnessDescriptor(codec address.Codec, script []byte) string {
	if required, list := address.Multisig(script); list != nil && required > 0 {
		if inner, ok := keys(script); ok {
			return WithChecksum("wsh(" + inner + ")")
		}
	}
	return WithChecksum("addr(" + codec.WitnessScript(script).String() + ")")
}

// IsCompressed reports whether a public key has 33 bytes.
func IsCompressed(key []byte) bool { return len(key) == btcec.PubKeyBytesLenCompressed }

const (
	// inputCharset orders the characters of a descriptor so that the likely
	// mistakes stay within a group of 32 (BIP380).
	inputCharset = "0123456789()[],'/*abcdefgh@:$%{}" +
		"IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~" +
		"ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
	checksumCharset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	checksumSize    = 8
)

// place is the index in inputCharset, 0xff elsewhere.
var place = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range len(inputCharset) {
		t[inputCharset[i]] = byte(i)
	}
	return t
}()

// WithChecksum appends the checksum of a descriptor (BIP380).
func WithChecksum(text string) string {
	sum, _ := Checksum(text) // what infer writes has no foreign characters
	return text + "#" + sum
}

// Checksum is the checksum of a descriptor without one; false when it has a
// character that no descriptor has.
func Checksum(text string) (string, bool) {
	c := uint64(1)
	group, members := uint64(0), 0
	for i := range len(text) {
		p := place[text[i]]
		if p == 0xff {
			return "", false
		}
		c = polymod(c, uint64(p&31))
		group = group*3 + uint64(p>>5)
		if members++; members == 3 {
			c = polymod(c, group)
			group, members = 0, 0
		}
	}
	if members > 0 {
		c = polymod(c, group)
	}
	for range checksumSize {
		c = polymod(c, 0)
	}
	c ^= 1
	var sum [checksumSize]byte
	for i := range sum {
		sum[i] = checksumCharset[c>>(5*(checksumSize-1-i))&31]
	}
	return string(sum[:]), true
}

var generator = [5]uint64{0xf5dee51989, 0xa9fdca3312, 0x1bab10e32d, 0x3706b1677a, 0x644d626ffd}

func polymod(c, value uint64) uint64 {
	top := c >> 35
	c = c&0x7ffffffff<<5 ^ value
	for i, g := range generator {
		if top>>i&1 == 1 {
			c ^= g
		}
	}
	return c
}
