package consensus

import "encoding/binary"

// scanTx returns the length in bytes of the transaction that b begins with. It
// allocates nothing and comes to its end with the bytes, whatever a count says;
// wire, which reserves memory for any count, is called only after it.
func scanTx(b []byte) (int, error) {
	s := scanner{b: b}
	s.skip(4) // version
	inputs := s.count()
	witness := false
	if inputs == 0 { // or the marker of BIP144
		switch s.byte() {
		case 0:
			// Neither inputs nor outputs; Core reads it as such.
			s.skip(4)
			return s.end()
		case 1:
			witness = true
		default:
			s.fail("unknown flag")
		}
		inputs = s.count()
	}
	for n := inputs; n > 0 && s.err == nil; n-- {
		s.skip(36) // outpoint
		s.skip(s.count())
		s.skip(4) // sequence
	}
	outputs := s.count()
	for n := outputs; n > 0 && s.err == nil; n-- {
		s.skip(8) // value
		s.skip(s.count())
	}
	if witness {
		for n := inputs; n > 0 && s.err == nil; n-- {
			items := s.count()
			for ; items > 0 && s.err == nil; items-- {
				s.skip(s.count())
			}
		}
	}
	s.skip(4) // lock time
	return s.end()
}

// scanner walks over a serialization; after its first error it stands still.
type scanner struct {
	b   []byte
	at  int
	err error
}

func (s *scanner) end() (int, error) { return s.at, s.err }

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = decodeError("transaction: "+format, args...)
	}
}

func (s *scanner) skip(n uint64) {
	if s.err != nil {
		return
	}
	if n > uint64(len(s.b)-s.at) {
		s.fail("ends after %d bytes, in the middle", len(s.b))
		return
	}
	s.at += int(n)
}

func (s *scanner) byte() byte {
	at := s.at
	if s.skip(1); s.err != nil {
		return 0
	}
	return s.b[at]
}

// count reads a CompactSize, which must take no more bytes than needed.
func (s *scanner) count() uint64 {
	first := s.byte()
	if first < 0xfd || s.err != nil {
		return uint64(first)
	}
	width := 1 << (first - 0xfc) // 2, 4, 8
	at := s.at
	if s.skip(uint64(width)); s.err != nil {
		return 0
	}
	var wide [8]byte
	copy(wide[:], s.b[at:s.at])
	n := binary.LittleEndian.Uint64(wide[:])
	if least := [...]uint64{0xfd, 1 << 16, 1 << 32}[first-0xfd]; n < least {
		s.fail("non-minimal count")
	}
	return n
}
