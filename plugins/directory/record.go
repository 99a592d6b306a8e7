package directory

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	names "orrery/core/directory"
	"orrery/plugins/internal/buntfile"
)

// The keys: the format of the file, how far it is, and the claims that count,
// by name and then in the order of the chain. The format sorts last, but is
// looked for first.
const (
	claimPrefix = "c:"
	formatKey   = "m:format"
	stateKey    = "m:state"
)

// format is the number of the layout described here.
const format = "1"

// encode makes the record of a claim: under name, height, index of the
// transaction and of the output stand seq, script and txid.
func encode(h *names.Holding) (key, value string) {
	b := append(append(make([]byte, 0, 64), claimPrefix...), h.Name...)
	for _, n := range []uint32{uint32(h.At.Height), h.At.Tx, h.At.Output} {
		b = buntfile.AppendHex(append(b, ':'), n)
	}
	key = string(b)
	return key, buntfile.Seal(key, fmt.Appendf(nil, "%d %x %v", h.Seq, h.Script, h.At.Txid))
}

func decode(key, value string) (c names.Claim, at names.Place, err error) {
	body, err := buntfile.Unseal(key, value)
	if err != nil {
		return c, at, err
	}
	where, what := strings.Split(strings.TrimPrefix(key, claimPrefix), ":"), strings.Fields(body)
	if len(where) != 4 || len(what) != 3 {
		return c, at, fmt.Errorf("%w: record %q is no claim", buntfile.ErrDamaged, key)
	}
	var p parser
	c.Name = where[0]
	at.Height, at.Tx, at.Output = int32(p.number(where[1], 16)), uint32(p.number(where[2], 16)), uint32(p.number(where[3], 16))
	c.Seq = uint32(p.number(what[0], 10))
	c.Script, err = hex.DecodeString(what[1])
	p.note(err)
	p.note(chainhash.Decode(&at.Txid, what[2]))
	return c, at, p.result(key)
}

// state says up to which block the records are complete.
type state struct {
	tip    chainhash.Hash // zero before genesis
	height int32
	count  uint64 // claims
	sum    uint64 // of their checksums: a lost record shows
}

func (s state) encode() string {
	return buntfile.Seal(stateKey, fmt.Appendf(nil, "%v %d %d %d", s.tip, s.height, s.count, s.sum))
}

func decodeState(value string) (s state, err error) {
	body, err := buntfile.Unseal(stateKey, value)
	if err != nil {
		return s, err
	}
	words := strings.Fields(body)
	if len(words) != 4 {
		return s, fmt.Errorf("%w: record %q", buntfile.ErrDamaged, stateKey)
	}
	var p parser
	p.note(chainhash.Decode(&s.tip, words[0]))
	s.height = int32(p.number(words[1], 10))
	s.count, s.sum = p.number(words[2], 10), p.number(words[3], 10)
	return s, p.result(stateKey)
}

// parser reads words and keeps what was wrong with them.
type parser struct{ err error }

func (p *parser) note(err error) { p.err = errors.Join(p.err, err) }

func (p *parser) number(word string, base int) uint64 {
	n, err := strconv.ParseUint(word, base, 64)
	p.note(err)
	return n
}

func (p *parser) result(key string) error {
	if p.err != nil {
		return fmt.Errorf("%w: record %q: %w", buntfile.ErrDamaged, key, p.err)
	}
	return nil
}
