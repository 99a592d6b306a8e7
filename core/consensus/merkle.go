package consensus

import "github.com/btcsuite/btcd/chainhash/v2"

// MerkleRoot computes the root over leaves in internal byte order. mutated is
// true when two equal hashes meet side by side at some level: the list may be
// a forgery that has the same root as a shorter one (CVE-2012-2459; Core:
// consensus/merkle.cpp). No leaves give the zero hash. leaves is overwritten.
func MerkleRoot(leaves []chainhash.Hash) (root chainhash.Hash, mutated bool) {
	if len(leaves) == 0 {
		return chainhash.Hash{}, false
	}
	for len(leaves) > 1 {
		for i := 0; i+1 < len(leaves); i += 2 {
			if leaves[i] == leaves[i+1] {
				mutated = true
			}
		}
		half := (len(leaves) + 1) / 2
		for i := 0; i < half; i++ {
			right := leaves[min(2*i+1, len(leaves)-1)]
			leaves[i] = hashPair(&leaves[2*i], &right)
		}
		leaves = leaves[:half]
	}
	return leaves[0], mutated
}

// MerkleBranch returns the hashes that lead from the first leaf to the root:
// what a miner needs to recompute the root when only its coinbase changes.
// leaves[0] is ignored; leaves is overwritten.
func MerkleBranch(leaves []chainhash.Hash) []chainhash.Hash {
	var branch []chainhash.Hash
	for len(leaves) > 1 {
		branch = append(branch, leaves[1])
		half := (len(leaves) + 1) / 2
		for i := 1; i < half; i++ {
			right := leaves[min(2*i+1, len(leaves)-1)]
			leaves[i] = hashPair(&leaves[2*i], &right)
		}
		leaves = leaves[:half]
	}
	return branch
}

// FoldBranch computes the root from the first leaf and its branch.
func FoldBranch(leaf chainhash.Hash, branch []chainhash.Hash) chainhash.Hash {
	for i := range branch {
		leaf = hashPair(&leaf, &branch[i])
	}
	return leaf
}

func hashPair(l, r *chainhash.Hash) chainhash.Hash {
	var b [2 * chainhash.HashSize]byte
	copy(b[:32], l[:])
	copy(b[32:], r[:])
	return chainhash.DoubleHashH(b[:])
}

// TxidRoot is the Merkle root of the transaction ids.
func (b *Block) TxidRoot() (root chainhash.Hash, mutated bool) {
	leaves := make([]chainhash.Hash, len(b.Txs))
	for i, t := range b.Txs {
		leaves[i] = t.id
	}
	return MerkleRoot(leaves)
}

// WitnessRoot is the Merkle root of the witness ids, the coinbase's counting
// as zero (BIP141).
func WitnessRoot(txs []*Tx) chainhash.Hash {
	leaves := make([]chainhash.Hash, len(txs))
	for i, t := range txs[min(1, len(txs)):] {
		leaves[i+1] = t.wid
	}
	root, _ := MerkleRoot(leaves)
	return root
}
