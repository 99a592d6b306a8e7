package address

import (
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/address/v2/bech32"
)

// Error says why a text is no address, in the words of Core's validateaddress.
type Error struct {
	Text string
	// Locations are the indexes of characters that are likely wrong; bech32
	// finds up to two.
	Locations []int
}

func (e *Error) Error() string { return e.Text }

func addressError(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...)}
}

const base58Payload = 21 // version byte and hash

// Decode reads an address of this chain. The error is an *Error, after Core's
// DecodeDestination (src/key_io.cpp).
func (c Codec) Decode(text string) (Address, error) {
	data, err := DecodeBase58Check(text, base58Payload)
	if err == nil && len(data) == base58Payload {
		switch hash := [20]byte(data[1:]); data[0] {
		case c.Versions.P2PKH:
			return c.PubKeyHash(hash), nil
		case c.Versions.P2SH:
			return c.ScriptHash(hash), nil
		}
	}
	// Core looks at the prefix first. Here Base58 goes first, so that no
	// choice of prefix in a chain's parameters can hide its Base58 addresses.
	hrp := c.Versions.HRP
	if len(text) >= len(hrp) && strings.EqualFold(text[:len(hrp)], hrp) {
		return c.decodeBech32(text)
	}
	switch {
	case err == nil && len(data) > 0 && (data[0] == c.Versions.P2PKH || data[0] == c.Versions.P2SH):
		return Address{}, addressError("Invalid length for Base58 address (P2PKH or P2SH)")
	case err == nil:
		return Address{}, addressError("Invalid or unsupported Base58-encoded address.")
	case err == ErrChecksum:
		return Address{}, addressError("Invalid checksum or length of Base58 address (P2PKH or P2SH)")
	}
	return Address{}, addressError("Invalid or unsupported Segwit (Bech32) or Base58 encoding.")
}

const (
	maxProgram = 40 // bytes, BIP141
	maxVersion = 16
)

func (c Codec) decodeBech32(text string) (Address, error) {
	hrp, data, encoding, err := bech32.DecodeGeneric(text)
	if err != nil {
		return Address{}, locateErrors(text)
	}
	switch {
	case len(data) == 0:
		return Address{}, addressError("Empty Bech32 data section")
	case hrp != c.Versions.HRP:
		return Address{}, addressError("Invalid or unsupported prefix for Segwit (Bech32) address (expected %s, got %s).", c.Versions.HRP, hrp)
	case data[0] == 0 && encoding != bech32.Version0:
		return Address{}, addressError("Version 0 witness address must use Bech32 checksum")
	case data[0] != 0 && encoding != bech32.VersionM:
		return Address{}, addressError("Version 1+ witness address must use Bech32m checksum")
	}
	program, err := bech32.ConvertBits(data[1:], 5, 8, false)
	if err != nil {
		return Address{}, addressError("Invalid padding in Bech32 data section")
	}
	n := len(program)
	switch version := data[0]; {
	case version == 0 && n != 20 && n != 32:
		return Address{}, addressError("Invalid Bech32 v0 address program size (%s), per BIP141", byteCount(n))
	case version > maxVersion:
		return Address{}, addressError("Invalid Bech32 address witness version")
	case n < 2 || n > maxProgram:
		return Address{}, addressError("Invalid Bech32 address program size (%s)", byteCount(n))
	}
	return c.witness(data[0], program), nil
}

func byteCount(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// encodeBech32 needs at most 40 bytes of program and an hrp that the chain's
// parameters have checked, so that it cannot fail.
func encodeBech32(hrp string, version byte, program []byte) string {
	groups, err := bech32.ConvertBits(program, 8, 5, true)
	if err != nil {
		panic("address: padding bits never fails: " + err.Error())
	}
	encode := bech32.EncodeM
	if version == 0 {
		encode = bech32.Encode
	}
	text, err := encode(hrp, append([]byte{version}, groups...))
	if err != nil {
		panic("address: every group has five bits: " + err.Error())
	}
	return text
}
