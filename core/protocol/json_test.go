package protocol

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// maker makes random messages within the limits.
type maker struct{ *rand.Rand }

func (m maker) hash() (h chainhash.Hash) {
	copy(h[:], m.bytes(32, 32))
	return h
}

// bytes are between low and high random bytes; nil when there are none.
func (m maker) bytes(low, high int) []byte {
	n := low + m.IntN(high-low+1)
	if n == 0 {
		return nil
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.Uint32())
	}
	return b
}

func (m maker) text(high int) string {
	const letters = "abc:/.é\"\\<&>世"
	var b strings.Builder
	for range m.IntN(high) {
		r := []rune(letters)
		if c := r[m.IntN(len(r))]; b.Len()+len(string(c)) <= high {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func many[T any](m maker, high int, item func() T) (list []T) {
	for range m.IntN(high + 1) {
		list = append(list, item())
	}
	return list
}

func (m maker) header() consensus.Header {
	return consensus.Header{Version: int32(m.Uint32()), Prev: m.hash(), MerkleRoot: m.hash(), Time: m.Uint32(), Bits: m.Uint32(), Nonce: m.Uint32()}
}

func (m maker) tx() *consensus.Tx {
	msg := wire.NewMsgTx(int32(m.Uint32()))
	for range 1 + m.IntN(3) {
		in := wire.NewTxIn(&wire.OutPoint{Hash: m.hash(), Index: m.Uint32()}, m.bytes(0, 100), nil)
		in.Witness = many(m, 2, func() []byte { return m.bytes(1, 80) })
		msg.AddTxIn(in)
	}
	for range 1 + m.IntN(3) {
		msg.AddTxOut(wire.NewTxOut(m.Int64(), m.bytes(0, 40)))
	}
	t, err := consensus.ParseTx(consensus.NewTx(msg).Bytes()) // with the nils that parsing gives
	if err != nil {
		panic(err)
	}
	return t
}

func (m maker) block() *consensus.Block {
	return consensus.NewBlock(m.header(), append(many(m, 5, m.tx), m.tx()))
}

func (m maker) member() Member { return Member{m.Uint32(), m.text(MaxAddress), m.text(MaxKind)} }

func (m maker) lease() Lease { return Lease{m.Uint32(), uint16(m.Uint32()), m.text(MaxToken)} }

func (m maker) hello() *Hello {
	return &Hello{Protocol: m.IntN(9), NetworkID: m.hash(), Agent: m.text(MaxAgent), Nonce: m.Uint64(), Kind: m.text(MaxKind),
		ID: m.Uint32N(3), Listen: m.text(MaxAddress), Height: m.Int32(), Work: *uint256.NewInt(m.Uint64()), Tip: m.hash(),
		Schedule: m.hash(), Time: m.Int64() - m.Int64()}
}

func (m maker) wallet() Wallet {
	return Wallet{m.text(MaxName), m.bytes(0, MaxWalletScript), m.Uint32(), m.Uint32(), m.bytes(0, MaxSignature)}
}

func (m maker) compact() *Compact {
	n := 1 + m.IntN(8)
	return &Compact{Header: m.header(), Nonce: m.Uint64(), IDBytes: n,
		ShortIDs:  many(m, 9, func() uint64 { return m.Uint64() >> (64 - 8*n) }),
		Prefilled: many(m, 2, func() PrefilledTx { return PrefilledTx{m.Uint32(), m.tx()} })}
}

// requests, notices and responses are one of each kind.
func (m maker) requests() []Request {
	return []Request{
		m.hello(), &Assign{m.text(MaxKind), uint16(m.Uint32N(3)), m.lease()}, &Assign{}, &Register{m.text(MaxAddress)}, &GetPeers{},
		&GetHeaders{many(m, 5, m.hash), m.hash()}, &GetHeaders{}, &GetBlocks{many(m, MaxBlocks, m.hash)}, &GetTxs{many(m, 5, m.hash)},
		&GetBlockTxs{m.hash(), many(m, 5, m.Uint32)}, &GetParams{}, &GetPolicy{m.hash()}, &Ping{m.Uint64()},
	}
}

func (m maker) notices() []Notice {
	return []Notice{m.compact(), &Announce{many(m, 3, m.header), many(m, 3, m.hash), many(m, 3, m.member), many(m, 3, m.wallet),
		many(m, 3, func() []byte { return m.bytes(1, MaxRecordBytes) })}}
}

func (m maker) responses() map[string]Response {
	return map[string]Response{
		methodHello: m.hello(), methodAssign: &Assigned{m.lease(), m.Uint32()}, methodRegister: &Registered{},
		methodGetPeers: &Peers{many(m, MaxSample, m.member)}, methodGetHeaders: &Headers{many(m, 5, m.header)},
		methodGetBlocks: &Blocks{many(m, 3, m.block)}, methodGetTxs: &Txs{many(m, 3, m.tx)},
		methodGetBlockTxs: &BlockTxs{m.hash(), many(m, 3, m.tx)}, methodGetParams: &Params{m.bytes(0, 99)},
		methodGetPolicy: &Policy{m.bytes(0, 99), many(m, 2, func() Script { return Script{m.text(MaxName), m.text(MaxFile), m.bytes(0, 99)} })},
		methodPing:      &Pong{m.Uint64()},
	}
}

// TestRoundTrip says every message and reads it again.
func TestRoundTrip(t *testing.T) {
	const rounds = 300
	for seed := range uint64(rounds) {
		m := maker{rand.New(rand.NewPCG(seed, 1))}
		for _, q := range m.requests() {
			f := mustParse(t, AppendRequest(nil, seed, q))
			got, err := DecodeRequest(f.Method, f.Params)
			equal(t, seed, q, got, err)
		}
		for _, q := range m.notices() {
			f := mustParse(t, AppendNotice(nil, q))
			got, err := DecodeNotice(f.Method, f.Params)
			equal(t, seed, q, got, err)
		}
		for method, r := range m.responses() {
			f := mustParse(t, AppendAnswer(nil, []byte("7"), r, nil))
			got, err := DecodeResponse(method, f.Result)
			equal(t, seed, r, got, err)
		}
		e := &Error{Code(m.IntN(9)), m.text(MaxMessage), many(m, 3, m.member)}
		f := mustParse(t, AppendAnswer(nil, []byte(`"x"`), nil, e))
		got, err := DecodeRefusal(f.Refusal)
		equal(t, seed, e, got, err)
	}
}

func mustParse(t *testing.T, text []byte) Frame {
	t.Helper()
	f, err := ParseFrame(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return f
}

func equal(t *testing.T, seed uint64, want, got any, err error) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("seed %d: %v\ngot  %+v\nwant %+v", seed, err, got, want)
	}
}
