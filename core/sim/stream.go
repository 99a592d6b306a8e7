package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Stream is a source of chance for one purpose of one node: what a node draws
// for its mining does not change when the network drops one message more. The
// net itself is node -1.
func Stream(seed uint64, node int, purpose string) *rand.Rand {
	b := binary.LittleEndian.AppendUint64(nil, seed)
	b = binary.LittleEndian.AppendUint64(b, uint64(int64(node)))
	sum := sha256.Sum256(append(b, purpose...))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
}
