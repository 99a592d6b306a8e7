package addrindex

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/plugins/internal/buntfile"
)

// Output is one output that an address received, and what became of it.
type Output struct {
	Outpoint wire.OutPoint
	Value    int64 // satoshi
	Height   int32 // of the block that made it
	Coinbase bool
	Spent    *Spend // nil: unspent
}

// Spend is the input that spent an output.
type Spend struct {
	Txid   chainhash.Hash
	Vin    uint32
	Height int32
}

// The keys: the format of the file, how far it is, and outputs by address,
// then outpoint. The format sorts first, so that it is seen before anything
// that may have another meaning in another format.
const (
	formatKey    = "m:format"
	stateKey     = "m:state"
	outputPrefix = "o:"
)

// format is the number of the layout described here.
const format = "1"

func addressPrefix(address string) string { return outputPrefix + address + ":" }

func outputKey(address string, o wire.OutPoint) string {
	b := append(append(make([]byte, 0, 160), outputPrefix...), address...)
	b = append(append(append(b, ':'), o.Hash.String()...), ':')
	return string(buntfile.AppendHex(b, o.Index))
}

// encode is value, height, coinbase or not, and the spending input if there is
// one.
func (o *Output) encode(key string) string {
	b := strconv.AppendInt(make([]byte, 0, 160), o.Value, 10)
	b = strconv.AppendInt(append(b, ' '), int64(o.Height), 10)
	b = strconv.AppendBool(append(b, ' '), o.Coinbase)
	if s := o.Spent; s != nil {
		b = append(append(b, ' '), s.Txid.String()...)
		b = strconv.AppendUint(append(b, ' '), uint64(s.Vin), 10)
		b = strconv.AppendInt(append(b, ' '), int64(s.Height), 10)
	}
	return buntfile.Seal(key, b)
}

func decodeOutput(key, value string) (*Output, error) {
	body, err := buntfile.Unseal(key, value)
	if err != nil {
		return nil, err
	}
	o := new(Output)
	p := parser{parts: append(strings.Split(key, ":")[1:], strings.Fields(body)...)}
	p.text() // the address
	o.Outpoint.Hash = p.hash()
	o.Outpoint.Index = uint32(p.number(16))
	o.Value = p.number(10)
	o.Height = int32(p.number(10))
	o.Coinbase = p.text() == "true"
	if len(p.parts) > 0 {
		o.Spent = &Spend{Txid: p.hash(), Vin: uint32(p.number(10)), Height: int32(p.number(10))}
	}
	return o, p.end(key)
}

// direction is how a block changes the records.
type direction string

const (
	applying  direction = "apply"
	reverting direction = "revert"
)

func (d direction) opposite() direction {
	if d == applying {
		return reverting
	}
	return applying
}

// state says how far the records are, and what is being done to them.
type state struct {
	tip   chainhash.Hash // the block after which they are; zero before the first
	count uint64         // outputs
	sum   uint64         // of their checksums: a lost record shows

	doing direction // what was begun since; "" for nothing
	block chainhash.Hash
}

func (s state) encode() string {
	b := fmt.Appendf(nil, "%s %d %d", s.tip, s.count, s.sum)
	if s.doing != "" {
		b = fmt.Appendf(b, " %s %s", s.doing, s.block)
	}
	return buntfile.Seal(stateKey, b)
}

func decodeState(value string) (s state, err error) {
	body, err := buntfile.Unseal(stateKey, value)
	if err != nil {
		return s, err
	}
	p := parser{parts: strings.Fields(body)}
	s.tip = p.hash()
	s.count = p.unsigned()
	s.sum = p.unsigned()
	if len(p.parts) > 0 {
		s.doing, s.block = direction(p.text()), p.hash()
	}
	return s, p.end(stateKey)
}

// parser reads words one after the other and keeps the first error.
type parser struct {
	parts []string
	err   error
}

func (p *parser) text() string {
	if len(p.parts) == 0 {
		p.err = errors.Join(p.err, errors.New("too short"))
		return ""
	}
	s := p.parts[0]
	p.parts = p.parts[1:]
	return s
}

func (p *parser) number(base int) int64 {
	n, err := strconv.ParseInt(p.text(), base, 64)
	p.err = errors.Join(p.err, err)
	return n
}

func (p *parser) unsigned() uint64 {
	n, err := strconv.ParseUint(p.text(), 10, 64)
	p.err = errors.Join(p.err, err)
	return n
}

func (p *parser) hash() (h chainhash.Hash) {
	p.err = errors.Join(p.err, chainhash.Decode(&h, p.text()))
	return h
}

func (p *parser) end(key string) error {
	if p.err == nil && len(p.parts) > 0 {
		p.err = errors.New("too long")
	}
	if p.err != nil {
		return fmt.Errorf("%w: record %q: %w", buntfile.ErrDamaged, key, p.err)
	}
	return nil
}
