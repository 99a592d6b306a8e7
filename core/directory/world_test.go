package directory

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

var network = [32]byte{1, 2, 3}

// person has a key and an address of one kind.
type person struct {
	key    *btcec.PrivateKey
	script []byte
}

// newPerson makes the nth, with an address of kind n%3.
func newPerson(n byte) person {
	key, public := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{n + 1}, 32))
	hash := chaintest.Hash160(public.SerializeCompressed())
	switch n % 3 {
	case 0:
		return person{key, chaintest.Script(txscript.OP_DUP, txscript.OP_HASH160, hash, txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)}
	case 1:
		return person{key, chaintest.Script(txscript.OP_0, hash)}
	}
	return person{key, chaintest.Script(txscript.OP_1, schnorr.SerializePubKey(public))}
}

// people are two of each kind.
var people = func() (list []person) {
	for n := range byte(6) {
		list = append(list, newPerson(n))
	}
	return list
}()

// claims makes the claim that signer signs.
func claims(signer person, name string, seq uint32, to person) Claim {
	c := Claim{Name: name, Seq: seq, Script: to.script}
	var err error
	if c.Signature, err = Sign(signer.key, signer.script, c.Digest(network)); err != nil {
		panic(err)
	}
	return c
}

// block is a block of one transaction for each claim, the first in the
// coinbase.
type block struct {
	*consensus.Block
	parent *block
	height int32
	claims []Claim
}

var made uint32

func (b *block) child(list ...Claim) *block {
	made++
	var txs []*consensus.Tx
	for i := range max(1, len(list)) {
		msg := wire.NewMsgTx(2)
		msg.AddTxIn(&wire.TxIn{Sequence: made})
		msg.AddTxOut(wire.NewTxOut(1, chaintest.Anyone))
		if i < len(list) {
			msg.AddTxOut(wire.NewTxOut(0, list[i].OutputScript()))
		}
		txs = append(txs, consensus.NewTx(msg))
	}
	h := consensus.Header{Nonce: made}
	next := &block{Block: consensus.NewBlock(h, txs), parent: b, claims: list}
	if b != nil {
		next.height = b.height + 1
	}
	return next
}

// table applies all blocks up to b.
func (b *block) table() Table {
	if b.parent == nil {
		return NewTable(network)
	}
	t, _ := b.parent.table().Apply(b.Block, b.height)
	return t
}

// text is everything that a table says, the past of each name included.
func (t Table) text() string {
	var out bytes.Buffer
	for h := range t.From("") {
		for ; h != nil; h = h.Before {
			fmt.Fprintf(&out, "%s seq %d %x at %d/%d/%d %v since %d\n", h.Name, h.Seq, h.Script, h.At.Height, h.At.Tx, h.At.Output, h.At.Txid, h.Since)
		}
	}
	return out.String()
}

// holds fails unless a person holds a name.
func holds(t *testing.T, table Table, name string, p person, since int32) {
	t.Helper()
	h := table.Get(name)
	if h == nil || !bytes.Equal(h.Script, p.script) || h.Since != since {
		t.Errorf("%s is held by %+v, want %x since %d", name, h, p.script, since)
	}
}

func free(t *testing.T, table Table, name string) {
	t.Helper()
	if h := table.Get(name); h != nil {
		t.Errorf("%s is held by %+v", name, h)
	}
}

// scene makes random claims of few names by few people, right and wrong ones.
type scene struct {
	*rand.Rand
	signers map[string]person // by signature
}

func newScene(seed uint64) *scene {
	return &scene{rand.New(rand.NewPCG(seed, 0)), map[string]person{}}
}

func (s *scene) claim() Claim {
	signer := people[s.IntN(len(people))]
	to := signer
	if s.IntN(2) == 0 {
		to = people[s.IntN(len(people))]
	}
	c := claims(signer, []string{"alice", "bob", "c-3"}[s.IntN(3)], uint32(s.IntN(8)), to)
	s.signers[string(c.Signature)] = signer
	return c
}

func (s *scene) block(parent *block) *block {
	var list []Claim
	for range s.IntN(5) {
		list = append(list, s.claim())
	}
	return parent.child(list...)
}

// model finds the table by the plainest means, and without any signature: the
// scene knows who signed.
func (s *scene) model(tip *block) string {
	var path []*block
	for b := tip; b.parent != nil; b = b.parent {
		path = append([]*block{b}, path...)
	}
	past := map[string][]*Holding{}
	for _, b := range path {
		for i, c := range b.claims {
			signer := s.signers[string(c.Signature)].script
			list := past[c.Name]
			h := &Holding{Name: c.Name, Seq: c.Seq, Script: c.Script, Since: b.height, At: Place{b.height, uint32(i), 1, b.Txs[i].ID()}}
			if len(list) == 0 {
				if !bytes.Equal(signer, c.Script) {
					continue
				}
			} else {
				last := list[len(list)-1]
				if c.Seq <= last.Seq || !bytes.Equal(signer, last.Script) {
					continue
				}
				if bytes.Equal(last.Script, c.Script) {
					h.Since = last.Since
				}
				h.Before = last
			}
			past[c.Name] = append(list, h)
		}
	}
	t := NewTable(network)
	for name, list := range past {
		t.names = t.names.Set(name, list[len(list)-1])
	}
	return t.text()
}
