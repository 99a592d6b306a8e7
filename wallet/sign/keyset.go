// Package sign signs transactions: whatever a set of private keys and scripts
// can sign, also in part, as Core's signrawtransactionwithkey does.
// Signatures are deterministic (RFC 6979, BIP340) and low-S.
package sign

import (
	"crypto/sha256"

	addr "github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/wallet/address"
)

// KeySet holds what signing needs: private keys and the scripts behind
// hashes. The zero KeySet is empty.
type KeySet struct {
	keys    map[[20]byte]pair // by HASH160 of the public key
	scripts map[[20]byte][]byte
	witness map[[32]byte][]byte
	taproot map[[32]byte]*btcec.PrivateKey // by output key, tweaked as needed
}

type pair struct {
	private *btcec.PrivateKey
	public  []byte
}

// AddKey adds a private key. With a compressed public key its P2WPKH script is
// learnt too, so that P2SH-P2WPKH needs no redeem script.
func (s *KeySet) AddKey(k address.Key) { s.AddKeyPair(k, k.PubKeyBytes()) }

// AddKeyPair is AddKey for a caller who knows the public key, which saves
// computing it.
func (s *KeySet) AddKeyPair(k address.Key, public []byte) {
	if s.keys == nil {
		s.keys = map[[20]byte]pair{}
	}
	hash := [20]byte(addr.Hash160(public))
	s.keys[hash] = pair{k.PrivateKey, public}
	s.taproot = nil // to be computed again when it is asked for
	if k.Compressed {
		s.AddScript(append([]byte{txscript.OP_0, 20}, hash[:]...))
	}
}

// AddScript adds a redeem script or witness script.
func (s *KeySet) AddScript(script []byte) {
	if s.scripts == nil {
		s.scripts, s.witness = map[[20]byte][]byte{}, map[[32]byte][]byte{}
	}
	s.scripts[[20]byte(addr.Hash160(script))] = script
	s.witness[sha256.Sum256(script)] = script
}

func (s *KeySet) byPubKey(public []byte) (pair, bool) {
	p, ok := s.keys[[20]byte(addr.Hash160(public))]
	return p, ok
}

// byOutputKey finds the key that signs for a taproot output: one whose public
// key it is, or whose BIP86 tweak it is.
func (s *KeySet) byOutputKey(output [32]byte) (*btcec.PrivateKey, bool) {
	if s.taproot == nil {
		s.taproot = map[[32]byte]*btcec.PrivateKey{}
		for _, p := range s.keys { // a map into a map: order does not matter
			if len(p.public) != btcec.PubKeyBytesLenCompressed {
				continue
			}
			s.taproot[[32]byte(p.public[1:])] = p.private
			tweaked := txscript.TweakTaprootPrivKey(*p.private, nil)
			s.taproot[[32]byte(schnorr.SerializePubKey(tweaked.PubKey()))] = tweaked
		}
	}
	k, ok := s.taproot[output]
	return k, ok
}
