// Package address encodes and decodes what people copy: addresses, private
// keys (WIF), and the names of script types. It knows one chain at a time, by
// its version bytes.
package address

import (
	"crypto/sha256"

	addr "github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/consensus"
)

// Kind is what an address pays to.
type Kind uint8

// The kinds of addresses. The zero Kind is no address.
const (
	None           Kind = iota
	P2PKH               // public key hash, Base58Check
	P2SH                // script hash, Base58Check
	P2WPKH              // witness version 0, 20 bytes (BIP141)
	P2WSH               // witness version 0, 32 bytes (BIP141)
	P2TR                // witness version 1, 32 bytes (BIP341)
	Anchor              // witness version 1, the bytes 4e73 (Core: PayToAnchor)
	WitnessUnknown      // any other witness program of versions 1 to 16
)

// Address is a place to pay to. It is comparable, so that it can be a map key;
// two addresses of one chain are equal exactly when they pay to one script.
type Address struct {
	kind    Kind
	version byte // witness version
	program string
	text    string
}

// Kind says what the address pays to; None for the zero Address.
func (a Address) Kind() Kind { return a.kind }

// String is the text that people see.
func (a Address) String() string { return a.text }

// Program is the hash or witness program: 20 or 32 bytes, for unknown witness
// versions 2 to 40.
func (a Address) Program() []byte { return []byte(a.program) }

// IsWitness reports whether the address is of a witness program.
func (a Address) IsWitness() bool { return a.kind >= P2WPKH }

// WitnessVersion is the version of the witness program, 0 to 16; -1 when
// there is none.
func (a Address) WitnessVersion() int {
	if !a.IsWitness() {
		return -1
	}
	return int(a.version)
}

// IsScript is validateaddress's "isscript": the hash is one of a script
// (Core: DescribeAddressVisitor).
func (a Address) IsScript() bool {
	return a.kind == P2SH || a.kind == P2WSH || a.kind == P2TR || a.kind == Anchor
}

// Script is the scriptPubKey that pays to the address; nil for the zero
// Address.
func (a Address) Script() []byte {
	n := byte(len(a.program))
	switch {
	case a.kind == None:
		return nil
	case a.kind == P2PKH:
		s := append(make([]byte, 0, 25), txscript.OP_DUP, txscript.OP_HASH160, n)
		return append(append(s, a.program...), txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)
	case a.kind == P2SH:
		s := append(make([]byte, 0, 23), txscript.OP_HASH160, n)
		return append(append(s, a.program...), txscript.OP_EQUAL)
	}
	s := append(make([]byte, 0, 2+len(a.program)), smallInt(a.version), n)
	return append(s, a.program...)
}

func smallInt(v byte) byte {
	if v == 0 {
		return txscript.OP_0
	}
	return txscript.OP_1 - 1 + v
}

// Codec reads and writes the addresses and keys of one chain.
type Codec struct {
	Versions consensus.AddressVersions
}

// PubKeyHash is the P2PKH address of a 20-byte key hash.
func (c Codec) PubKeyHash(hash [20]byte) Address {
	return c.base58(P2PKH, c.Versions.P2PKH, hash)
}

// ScriptHash is the P2SH address of a 20-byte script hash.
func (c Codec) ScriptHash(hash [20]byte) Address {
	return c.base58(P2SH, c.Versions.P2SH, hash)
}

// WitnessPubKeyHash is the P2WPKH address of a 20-byte key hash.
func (c Codec) WitnessPubKeyHash(hash [20]byte) Address {
	return c.witness(0, hash[:])
}

// RedeemScript is the P2SH address of a redeem script.
func (c Codec) RedeemScript(script []byte) Address {
	return c.ScriptHash([20]byte(addr.Hash160(script)))
}

// WitnessScript is the P2WSH address of a witness script.
func (c Codec) WitnessScript(script []byte) Address {
	h := sha256.Sum256(script)
	return c.witness(0, h[:])
}

// FromScript finds the address that a scriptPubKey pays to, as Core's
// ExtractDestination: a bare public key, multisig or data has none.
func (c Codec) FromScript(script []byte) (Address, bool) {
	switch n := len(script); {
	case isPubKeyHash(script):
		return c.PubKeyHash([20]byte(script[3:23])), true
	case isScriptHash(script):
		return c.ScriptHash([20]byte(script[2:22])), true
	case isWitnessProgram(script):
		version, program := witnessVersion(script[0]), script[2:]
		if version == 0 && n != 22 && n != 34 {
			return Address{}, false
		}
		return c.witness(version, program), true
	}
	return Address{}, false
}

func (c Codec) base58(kind Kind, version byte, hash [20]byte) Address {
	payload := append(append(make([]byte, 0, 21), version), hash[:]...)
	return Address{kind: kind, program: string(hash[:]), text: EncodeBase58Check(payload)}
}

// witness needs a program that FromScript or Decode has checked.
func (c Codec) witness(version byte, program []byte) Address {
	return Address{
		kind: witnessKind(version, program), version: version,
		program: string(program), text: encodeBech32(c.Versions.HRP, version, program),
	}
}

func witnessKind(version byte, program []byte) Kind {
	switch {
	case version == 0 && len(program) == 20:
		return P2WPKH
	case version == 0:
		return P2WSH
	case version == 1 && len(program) == 32:
		return P2TR
	case version == 1 && string(program) == "\x4e\x73":
		return Anchor
	}
	return WitnessUnknown
}
