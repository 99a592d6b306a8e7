package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// ABI1 is the only script interface so far: the sandbox of plugins/lua with
// gopher-lua 1.1.2. A change of any result or instruction count is a new one.
const ABI1 = 1

// Limits of a manifest. They bound what a node holds for a policy and how long
// one evaluation can take.
const (
	DefaultBudget int64 = 200_000    // instruction units a call
	MaxBudget     int64 = 10_000_000 // about half a second of script
	MaxParams           = 64         // parameters of one hook
	MaxManifest         = 256 << 10  // bytes of a manifest
)

// policyTag starts what is hashed to a policy id, so that no other hash of
// this project can be taken for one.
const policyTag = "orrery-policy\x00"

// Manifest is one complete set of consensus rules: both scripts with their
// parameters, the budget of a call, and the interface they are written for.
type Manifest struct {
	ABI        int   // script interface, at least 1; this node may not know it
	Budget     int64 // instruction units that one call may use
	Difficulty HookSpec
	Reward     HookSpec
}

// HookSpec is a script, by the hash of its bytes, and its parameters.
type HookSpec struct {
	Script [32]byte // SHA-256 of the file's bytes
	Params Params
}

// HashScript returns what a HookSpec names a script by.
func HashScript(source []byte) [32]byte { return sha256.Sum256(source) }

// Validate reports the first value that is out of range. An ABI that this node
// does not know is valid: the script is then missing, not wrong.
func (m *Manifest) Validate() error {
	if m.ABI < 1 || m.ABI > 1<<16 {
		return fmt.Errorf("policy: abi %d is not between 1 and %d", m.ABI, 1<<16)
	}
	if m.Budget < 1 || m.Budget > MaxBudget {
		return fmt.Errorf("policy: budget %d is not between 1 and %d", m.Budget, MaxBudget)
	}
	if err := m.Difficulty.Params.Validate(); err != nil {
		return fmt.Errorf("policy: difficulty: %w", err)
	}
	if err := m.Reward.Params.Validate(); err != nil {
		return fmt.Errorf("policy: reward: %w", err)
	}
	return nil
}

// ID is SHA-256("orrery-policy\0" | canonical JSON). It is an error to ask for
// the id of an invalid manifest.
func (m *Manifest) ID() (chainhash.Hash, error) {
	b, err := m.Canonical()
	if err != nil {
		return chainhash.Hash{}, err
	}
	return chainhash.Hash(sha256.Sum256(append([]byte(policyTag), b...))), nil
}

// FormatID shows a policy id as plain hex in the order of its bytes, unlike
// block hashes, which Bitcoin shows reversed: it is a SHA-256 that people
// compare with other tools. chainhash.Hash.String would reverse it.
func FormatID(id chainhash.Hash) string { return hex.EncodeToString(id[:]) }

// ParseID reads what FormatID writes.
func ParseID(s string) (chainhash.Hash, error) {
	var id chainhash.Hash
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, errors.New("a policy id is 64 hexadecimal digits")
	}
	copy(id[:], b)
	return id, nil
}
