package sim

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/node"
	"orrery/core/protocol"
)

// TraceHash digests all events and effects of a run, in order. Two runs with
// equal hashes went the same way. It is no cryptographic hash: nobody attacks
// it, and it is computed millions of times a second.
type TraceHash [2]uint64

// String is the form in which runs print it.
func (h TraceHash) String() string { return fmt.Sprintf("%016x%016x", h[0], h[1]) }

// Two odd constants without pattern: the golden ratio's and the square root of
// three's digits.
const (
	mixA = 0x9e3779b97f4a7c15
	mixB = 0xbb67ae8584caa73b
)

// word mixes 64 bits in: in one lane by a wide multiplication, in the other by
// rotation, so that a collision in one is none in the other.
func (h *TraceHash) word(w uint64) {
	hi, lo := bits.Mul64(h[0]^w, mixA)
	h[0] = hi ^ lo ^ h[1]
	h[1] = bits.RotateLeft64(h[1]+w, 23) * mixB
}

func (h *TraceHash) hash(b *chainhash.Hash) { h.word(binary.LittleEndian.Uint64(b[:])) }

func (h *TraceHash) text(s string) {
	h.word(uint64(len(s)))
	for len(s) >= 8 {
		h.word(uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56)
		s = s[8:]
	}
	var w uint64
	for i := range len(s) {
		w |= uint64(s[i]) << (8 * i)
	}
	h.word(w)
}

// event mixes an event of a node in.
func (h *TraceHash) event(e node.Event) {
	switch e := e.(type) {
	case node.PeerEvent:
		h.peerEvent(e.Event)
	case node.SubmitBlock:
		h.word(1)
		h.word(e.ID)
		hash := e.Block.Hash()
		h.hash(&hash)
	case node.SubmitTx:
		h.word(2)
		h.word(e.ID)
		id := e.Tx.ID()
		h.hash(&id)
	case node.Continue:
		h.word(3)
	case node.Tick:
		h.word(4)
	default:
		h.text(fmt.Sprintf("%T", e))
	}
}

func (h *TraceHash) peerEvent(e protocol.Event) {
	switch e := e.(type) {
	case protocol.PeerUp:
		h.word(10)
		h.word(uint64(e.Peer))
		h.text(e.Address)
	case protocol.PeerDown:
		h.word(11)
		h.word(uint64(e.Peer))
		h.text(e.Reason)
	case protocol.Asked:
		h.word(12)
		h.word(uint64(e.Peer))
		h.word(e.Call)
		h.message(e.Request)
	case protocol.Answered:
		h.word(13)
		h.word(uint64(e.Peer))
		h.word(e.Call)
		if e.Err != nil {
			h.text(e.Err.Error())
		} else {
			h.message(e.Response)
		}
	case protocol.Told:
		h.word(14)
		h.word(uint64(e.Peer))
		h.message(e.Notice)
	case protocol.Broke:
		h.word(15)
		h.word(uint64(e.Peer))
		h.text(e.What)
	case protocol.DialFailed:
		h.word(16)
		h.text(e.Address)
		h.text(e.Reason)
	case protocol.Listening:
		h.word(17)
		h.text(e.Address)
		h.text(e.Reason)
	}
}

// effect mixes an effect of a node in. What a message holds is mixed in where
// it arrives.
func (h *TraceHash) effect(e node.Effect) {
	switch e := e.(type) {
	case node.Done:
		h.word(20)
		h.word(e.ID)
		if e.Err != nil {
			h.text(e.Err.Error())
		}
	case node.Changed:
		h.word(21)
	case node.More:
		h.word(22)
	case node.WakeAt:
		h.word(23)
		h.word(uint64(e.At))
	case node.PeerEffect:
		h.peerEffect(e.Effect)
	default:
		h.text(fmt.Sprintf("%T", e))
	}
}

func (h *TraceHash) peerEffect(e protocol.Effect) {
	call := func(kind uint64, p protocol.PeerID, call uint64) {
		h.word(kind)
		h.word(uint64(p))
		h.word(call)
	}
	switch e := e.(type) {
	case protocol.Ask:
		call(30, e.Peer, e.Call)
	case protocol.Answer:
		call(31, e.Peer, e.Call)
	case protocol.Serve:
		call(32, e.Peer, e.Call)
	case protocol.Tell:
		call(33, e.Peer, 0)
	case protocol.Close:
		call(34, e.Peer, 0)
		h.text(e.Reason)
	case protocol.Dial:
		h.word(35)
		h.text(e.Address)
	case protocol.Listen:
		h.word(36)
		h.text(e.Address)
	case protocol.Save:
		h.word(37)
		for _, r := range e.Records {
			h.text(r.Key)
			h.text(string(r.Value))
		}
	case protocol.Say:
		h.word(38)
		h.text(e.Text)
	}
}
