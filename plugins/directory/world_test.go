package directory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"go.uber.org/goleak"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	names "orrery/core/directory"
	"orrery/core/mempool"
	"orrery/core/node"
)

// BuntDB's goroutine ends within a second after Close; nobody can wait for it.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/tidwall/buntdb.(*DB).backgroundManager"))
}

// person has a key and its P2PKH script.
type person struct {
	key    *btcec.PrivateKey
	script []byte
}

var people = func() (list []person) {
	for n := range byte(3) {
		key, public := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{n + 1}, 32))
		hash := chaintest.Hash160(public.SerializeCompressed())
		list = append(list, person{key, chaintest.Script(txscript.OP_DUP, txscript.OP_HASH160, hash, txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)})
	}
	return list
}()

var alice, bob = people[0], people[1]

// world is a node in memory whose blocks make random claims.
type world struct {
	testing.TB
	chaintest.Maker
	rng   *rand.Rand
	node  *node.Node
	store chain.Store
	tip   *chaintest.Block
	made  int

	mu      sync.Mutex
	view    *node.View
	changed chan struct{}
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	w := &world{TB: t, Maker: chaintest.NewMaker(1), rng: rand.New(rand.NewPCG(seed, 0)), store: chain.NewMemStore(), changed: make(chan struct{})}
	w.tip = w.Genesis()
	var err error
	w.node, err = node.Open(node.Config{
		Chain:   chain.Config{Params: w.Params, Store: w.store, Verifier: consensus.SerialVerifier{}, Rules: w.Rules},
		Mempool: mempool.DefaultConfig(),
	}, w.now())
	if err != nil {
		t.Fatal(err)
	}
	w.publish()
	return w
}

// now is late enough for all blocks, in nanoseconds.
func (w *world) now() int64 { return (int64(w.Genesis().Header.Time) + 1e8) * 1e9 }

func (w *world) publish() {
	w.Helper()
	v, err := w.node.View()
	if err == nil {
		v.Store, err = w.store.Snapshot()
	}
	if err != nil {
		w.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.view = v
	close(w.changed)
	w.changed = make(chan struct{})
}

// Acquire implements Node.
func (w *world) Acquire() (*node.View, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.view, func() {}
}

// Changed implements Node.
func (w *world) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// submit gives the node blocks, and shows what came of them all at once.
func (w *world) submit(blocks ...*chaintest.Block) {
	w.Helper()
	for _, b := range blocks {
		var event node.Event = node.SubmitBlock{Block: b.Block}
		for event != nil {
			effects, err := w.node.Step(w.now(), event)
			if err != nil {
				w.Fatal(err)
			}
			event = nil
			for _, e := range effects {
				switch e := e.(type) {
				case node.More:
					event = node.Continue{}
				case node.Done:
					if e.Err != nil && !errors.Is(e.Err, node.ErrInconclusive) {
						w.Fatalf("%s: %v", b.Name, e.Err)
					}
				}
			}
		}
	}
	w.tip = blocks[len(blocks)-1]
	w.publish()
	if w.view.Tip.Hash != w.tip.Hash() {
		w.Fatalf("the tip is not %s", w.tip.Name)
	}
}

// claim is an output with the claim that signer signs.
func (w *world) claim(signer person, name string, seq uint32, to person) *wire.TxOut {
	c := names.Claim{Name: name, Seq: seq, Script: to.script}
	var err error
	if c.Signature, err = names.Sign(signer.key, signer.script, c.Digest(w.Params.NetworkID)); err != nil {
		w.Fatal(err)
	}
	return wire.NewTxOut(0, c.OutputScript())
}

// carry puts outputs into the coinbase.
func carry(outs ...*wire.TxOut) chaintest.Option {
	return func(d *chaintest.Draft) {
		for _, o := range outs {
			d.Coinbase().AddTxOut(o)
		}
	}
}

// block makes a random child: claims in the coinbase and in a transaction that
// spends the parent's, most of them of no account.
func (w *world) block(parent *chaintest.Block) *chaintest.Block {
	w.made++
	opts := []chaintest.Option{carry(w.claims()...)}
	if parent.Height > 0 && w.rng.IntN(2) == 0 {
		tx := chaintest.Pass(parent.Out(0, 0), 0)
		for _, o := range w.claims() {
			tx.AddTxOut(o)
		}
		opts = append(opts, chaintest.With(tx))
	}
	return w.Block(fmt.Sprint("b", w.made), parent, opts...)
}

func (w *world) claims() (outs []*wire.TxOut) {
	for range w.rng.IntN(3) {
		signer := people[w.rng.IntN(len(people))]
		to := signer
		if w.rng.IntN(2) == 0 {
			to = people[w.rng.IntN(len(people))]
		}
		outs = append(outs, w.claim(signer, []string{"a", "a-b", "bob", "zoe9"}[w.rng.IntN(4)], uint32(w.rng.IntN(20)), to))
	}
	return outs
}

// grow adds blocks to the tip.
func (w *world) grow(n int) {
	w.Helper()
	for range n {
		w.submit(w.block(w.tip))
	}
}

// reorg leaves so many blocks for one more.
func (w *world) reorg(depth int) {
	w.Helper()
	from := w.tip.Ancestor(w.tip.Height - min(w.tip.Height, int32(depth)))
	var branch []*chaintest.Block
	for range w.tip.Height - from.Height + 1 {
		from = w.block(from)
		branch = append(branch, from)
	}
	w.submit(branch...)
}

// play is a random step.
func (w *world) play() {
	w.Helper()
	if w.rng.IntN(3) == 0 {
		w.reorg(1 + w.rng.IntN(4))
		return
	}
	w.grow(1)
}

// rebuilt applies all blocks of the tip's branch to an empty table.
func (w *world) rebuilt() string {
	t := names.NewTable(w.Params.NetworkID)
	for _, b := range w.tip.Path()[1:] {
		t, _ = t.Apply(b.Block, b.Height)
	}
	return text(t)
}

// text is everything that a table says, the past of each name included.
func text(t names.Table) string {
	var out strings.Builder
	for h := range t.From("") {
		for ; h != nil; h = h.Before {
			fmt.Fprintf(&out, "%s seq %d %x at %+v since %d\n", h.Name, h.Seq, h.Script, h.At, h.Since)
		}
	}
	return out.String()
}

// notes counts what a directory logs.
type notes struct {
	slog.Handler
	mu   sync.Mutex
	seen map[string]int
	last string // reason of the last rebuild
}

const (
	anew   = "directory of names is built anew"
	mended = "directory of names: a block was begun and not ended"
)

func newNotes() *notes { return &notes{Handler: slog.DiscardHandler, seen: map[string]int{}} }

func (n *notes) Enabled(context.Context, slog.Level) bool { return true }

func (n *notes) Handle(_ context.Context, r slog.Record) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen[r.Message]++
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "reason" {
			n.last = a.Value.String()
		}
		return true
	})
	return nil
}

func (n *notes) count(message string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen[message]
}

// running is a directory that runs.
type running struct {
	*Directory
	notes *notes
	stop  context.CancelFunc
	ended chan error
}

func (w *world) make(path string, n *notes) *Directory {
	return New(Config{Path: path, Network: w.Params.NetworkID}, w, slog.New(n))
}

// run starts a directory on a file. It is stopped at the end of the test, or by
// end.
func (w *world) run(path string, change ...func(*Directory)) *running {
	w.Helper()
	r := &running{notes: newNotes(), ended: make(chan error, 1)}
	r.Directory = w.make(path, r.notes)
	for _, f := range change {
		f(r.Directory)
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() {
		r.ended <- r.Run(ctx, func() {})
		close(r.ended)
	}()
	w.Cleanup(func() {
		stop()
		<-r.ended
	})
	return r
}

func (r *running) end(t testing.TB) {
	t.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
}

// check compares the table with one that is built anew.
func (w *world) check(r *running, note string) {
	w.Helper()
	t, v, release, err := r.Names(w.Context())
	if err != nil {
		w.Fatalf("%s: %v", note, err)
	}
	defer release()
	if v.Tip.Hash != w.tip.Hash() {
		w.Fatalf("%s: at height %d, want %d", note, v.Tip.Height, w.tip.Height)
	}
	if got, want := text(t), w.rebuilt(); got != want {
		w.Fatalf("%s: got\n%s\nwant\n%s", note, got, want)
	}
}

func filePath(t testing.TB) string { return filepath.Join(t.TempDir(), "directory.db") }

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
