// Package directory is the wallet directory: names that are claimed on the
// chain, so that people can pay a name instead of an address. It holds the
// form of a claim, who may make it, and the table of names as a function of
// the chain. Nothing here is a consensus rule: a block with a bad claim is as
// good as any, and the claim is plain data.
//
// # A claim
//
// Any output of any transaction in a block after genesis, coinbases included,
// can carry one claim. Its script is OP_RETURN and exactly one push of
// OP_PUSHDATA1 (6a 4c LENGTH), and these bytes are pushed, with nothing after
// them:
//
//	"ORRN"      4 bytes
//	01          version
//	seq         4 bytes, little-endian
//	n           1 byte, 1 to 32
//	name        n bytes of a–z, 0–9 and -, no - at either end
//	m           1 byte, 22, 25 or 34
//	script      m bytes: P2WPKH, P2PKH or P2TR output script of the address
//	signature   64 bytes if a P2TR output key signs, else 65
//
// # Who signs
//
// The signer is the present holder: the script of the claim that the table has
// for the name. Where it has none, it is the script of the claim itself. So
// the first claim of a name is signed by the address that it names, and a move
// by the address that is left; the new one need not agree, being paid harms
// nobody. A claim that names the same address again is a renewal and changes
// nothing but its seq.
//
// What is signed is the BIP340 tagged hash with the tag "Orrery/name/1" over
// the network id (32 bytes), then seq, n, name, m and script as above: a claim
// cannot be used on another network. P2PKH and P2WPKH sign with ECDSA: 65
// bytes, 31 plus the recovery id (the key is compressed), R and S big-endian,
// S in the lower half. P2TR signs with BIP340 by the output key.
//
// # Which claim counts
//
// Claims are looked at in the order of the chain: block, transaction, output.
// The first claim of a name makes its signer the holder; later ones count if
// they are the holder's and their seq is higher than that of the last that
// counted. A reorg takes back what the blocks that it leaves had claimed.
// Whoever sees a claim in the mempool can claim the name as well and be mined
// first: until it is in a block, and that block is buried, a name is nobody's.
package directory

import (
	"encoding/binary"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
)

// MaxName is how many bytes a name has at most.
const MaxName = 32

// Magic is what the pushed bytes of each claim begin with.
const Magic = "ORRN"

// version is the one layout that there is.
const version = 1

// tag keeps signatures of claims apart from all others.
var tag = []byte("Orrery/name/1")

const (
	scriptHead = 3                                       // OP_RETURN OP_PUSHDATA1 LENGTH
	fixedHead  = len(Magic) + 1 + 4                      // up to the name's length
	minPushed  = fixedHead + 1 + 1 + 1 + 22 + sigSchnorr // P2WPKH is the shortest script
	maxPushed  = fixedHead + 1 + MaxName + 1 + 34 + sigECDSA
)

// Claim says that a name is paid to an address from now on.
type Claim struct {
	Name      string
	Seq       uint32 // higher than that of the claim before
	Script    []byte // output script of the address
	Signature []byte
}

// ValidName reports whether a text can be a name: 1 to 32 of a–z, 0–9 and -,
// which is neither first, where it would look like an option, nor last.
func ValidName(name string) bool {
	if len(name) < 1 || len(name) > MaxName || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	for _, c := range []byte(name) {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// OutputScript is the script of an output that carries the claim. The claim
// must be one that ParseOutput can return.
func (c *Claim) OutputScript() []byte {
	b := make([]byte, scriptHead, scriptHead+maxPushed)
	b = append(append(b, Magic...), version)
	b = c.appendSigned(b)
	b = append(b, c.Signature...)
	b[0], b[1], b[2] = txscript.OP_RETURN, txscript.OP_PUSHDATA1, byte(len(b)-scriptHead)
	return b
}

// appendSigned writes the part that a signature covers.
func (c *Claim) appendSigned(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, c.Seq)
	b = append(append(b, byte(len(c.Name))), c.Name...)
	return append(append(b, byte(len(c.Script))), c.Script...)
}

// ParseOutput reads the claim that an output script carries. Whatever differs
// from the form of a claim in a single byte is plain data: ok is false. The
// signature is not looked at, but for its length.
func ParseOutput(script []byte) (c Claim, ok bool) {
	n := len(script) - scriptHead
	if n < minPushed || n > maxPushed || script[0] != txscript.OP_RETURN || script[1] != txscript.OP_PUSHDATA1 || int(script[2]) != n {
		return Claim{}, false
	}
	b := script[scriptHead:]
	if string(b[:len(Magic)]) != Magic || b[len(Magic)] != version {
		return Claim{}, false
	}
	c.Seq = binary.LittleEndian.Uint32(b[fixedHead-4:])
	name, b, ok := part(b[fixedHead:])
	if !ok || !ValidName(string(name)) {
		return Claim{}, false
	}
	c.Name = string(name)
	to, signature, ok := part(b)
	if !ok || kindOf(to) == noKind || len(signature) != sigECDSA && len(signature) != sigSchnorr {
		return Claim{}, false
	}
	c.Script, c.Signature = slices.Clone(to), slices.Clone(signature) // the block is not kept for them
	return c, true
}

// part reads a length in one byte and so many bytes.
func part(b []byte) (part, rest []byte, ok bool) {
	if len(b) < 1 || len(b)-1 < int(b[0]) {
		return nil, nil, false
	}
	return b[1 : 1+b[0]], b[1+b[0]:], true
}

// Digest is what the signature of a claim signs. network is the network id
// (consensus.Params.NetworkID).
func (c *Claim) Digest(network [32]byte) chainhash.Hash {
	return *chainhash.TaggedHash(tag, network[:], c.appendSigned(nil))
}
