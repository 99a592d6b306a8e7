// Package keys derives a wallet's keys and addresses from its words: BIP39
// mnemonic, BIP32 tree, BIP44 accounts for P2PKH and BIP84 for P2WPKH.
package keys

import "fmt"

// Purpose is the first step of a derivation path and fixes the kind of
// script.
type Purpose uint8

// The purposes that a wallet has.
const (
	BIP44 Purpose = 44 // P2PKH, Base58 addresses
	BIP84 Purpose = 84 // P2WPKH, bech32 addresses
)

// Branch is one row of keys: receiving or change addresses of one purpose.
type Branch struct {
	Purpose Purpose
	Change  bool
}

// Branches are all rows, in the order in which files and code list them.
var Branches = [4]Branch{{BIP44, false}, {BIP44, true}, {BIP84, false}, {BIP84, true}}

func (b Branch) slot() int {
	i := 0
	if b.Purpose == BIP84 {
		i = 2
	}
	if b.Change {
		i++
	}
	return i
}

// String is the branch's path below m, without the index: "44h/1h/0h/0".
func (b Branch) String() string {
	change := 0
	if b.Change {
		change = 1
	}
	return fmt.Sprintf("%dh/1h/0h/%d", b.Purpose, change)
}

// function is what descriptors call the kind of script.
func (b Branch) function() string {
	if b.Purpose == BIP84 {
		return "wpkh"
	}
	return "pkh"
}

// Path names one key.
type Path struct {
	Branch
	Index uint32
}

// String is the full path in Core's manner: "m/44h/1h/0h/0/7".
func (p Path) String() string { return fmt.Sprintf("m/%v/%d", p.Branch, p.Index) }
