package addrindex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"go.uber.org/goleak"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/wallet/address"
)

// BuntDB's goroutine ends within a second after Close; nobody can wait for it.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/tidwall/buntdb.(*DB).backgroundManager"))
}

// place is somewhere to pay to, and how to spend from there.
type place struct {
	script []byte
	unlock func(tx *wire.MsgTx, in int)
}

// places have addresses of several kinds; the last two have none.
var places = func() []place {
	var list []place
	for i := range 3 {
		redeem := chaintest.Script(int64(i+1), txscript.OP_DROP, txscript.OP_TRUE)
		list = append(list, place{chaintest.P2SH(redeem), func(tx *wire.MsgTx, in int) {
			tx.TxIn[in].SignatureScript = chaintest.Script(redeem)
		}}, place{chaintest.P2WSH(redeem), func(tx *wire.MsgTx, in int) {
			tx.TxIn[in].Witness = wire.TxWitness{redeem}
		}})
	}
	list = append(list, place{chaintest.NewKey(1).P2PKH(), nil})
	return append(list, place{chaintest.Anyone, func(*wire.MsgTx, int) {}},
		place{chaintest.Script(txscript.OP_RETURN, []byte("data")), nil})
}()

func placeOf(script []byte) *place {
	for i := range places {
		if string(places[i].script) == string(script) {
			return &places[i]
		}
	}
	return nil
}

// world is a node in memory, and what its chain should make of the index.
type world struct {
	testing.TB
	chaintest.Maker
	rng   *rand.Rand
	codec address.Codec
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
	w := &world{
		TB: t, Maker: chaintest.NewMaker(1), rng: rand.New(rand.NewPCG(seed, 0)), store: chain.NewMemStore(), changed: make(chan struct{}),
	}
	w.codec = address.Codec{Versions: w.Params.Addresses}
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

// coins are what can be spent after a block.
func (w *world) coins(tip *chaintest.Block) []chaintest.Out {
	var list []chaintest.Out
	for _, b := range tip.Path()[1:] {
		for _, t := range b.Txs {
			for _, in := range t.Msg.TxIn {
				list = slices.DeleteFunc(list, func(o chaintest.Out) bool { return o.OutPoint == in.PreviousOutPoint })
			}
			for n, o := range t.Msg.TxOut {
				if p := placeOf(o.PkScript); p != nil && p.unlock != nil && o.Value > 10 {
					list = append(list, chaintest.OutOf(t.Msg, n))
				}
			}
		}
	}
	return list
}

// block makes a random child of parent: transactions with several inputs and
// outputs, that spend from each other, and that pay an address twice.
func (w *world) block(parent *chaintest.Block) *chaintest.Block {
	coins := w.coins(parent)
	var txs []*wire.MsgTx
	for range w.rng.IntN(4) {
		if len(coins) == 0 {
			break
		}
		var from []chaintest.Out
		var sum int64
		for range 1 + w.rng.IntN(2) {
			if len(coins) > 0 {
				i := w.rng.IntN(len(coins))
				from, sum = append(from, coins[i]), sum+coins[i].Value
				coins = slices.Delete(coins, i, i+1)
			}
		}
		n := 1 + w.rng.IntN(4)
		var to []*wire.TxOut
		for range n {
			to = append(to, chaintest.Pay(sum/int64(n), w.place().script))
		}
		tx := chaintest.Spend(from, to...)
		for i := range from {
			placeOf(from[i].PkScript).unlock(tx, i)
		}
		txs = append(txs, tx)
		for i := range to {
			if p := placeOf(to[i].PkScript); p.unlock != nil && to[i].Value > 10 {
				coins = append(coins, chaintest.OutOf(tx, i))
			}
		}
	}
	w.made++
	return w.Block(fmt.Sprint("b", w.made), parent, chaintest.PayTo(w.place().script), chaintest.With(txs...))
}

func (w *world) place() *place { return &places[w.rng.IntN(len(places))] }

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

// answers is what the index should say of all places after a block.
type answers map[address.Address][]*Output

// model finds that by going through all blocks.
func (w *world) model(tip *chaintest.Block) answers {
	m := answers{}
	for _, p := range places {
		if a, ok := w.codec.FromScript(p.script); ok {
			m[a] = nil
		}
	}
	all := map[wire.OutPoint]*Output{}
	for _, b := range tip.Path()[1:] {
		for i, t := range b.Txs {
			for vin, in := range t.Msg.TxIn {
				if o := all[in.PreviousOutPoint]; o != nil {
					o.Spent = &Spend{t.ID(), uint32(vin), b.Height}
				}
			}
			for n, out := range t.Msg.TxOut {
				if a, ok := w.codec.FromScript(out.PkScript); ok {
					o := &Output{Outpoint: wire.OutPoint{Hash: t.ID(), Index: uint32(n)}, Value: out.Value, Height: b.Height, Coinbase: i == 0}
					all[o.Outpoint] = o
					m[a] = append(m[a], o)
				}
			}
		}
	}
	for _, list := range m {
		slices.SortFunc(list, func(a, b *Output) int {
			return cmp.Or(strings.Compare(a.Outpoint.Hash.String(), b.Outpoint.Hash.String()), cmp.Compare(a.Outpoint.Index, b.Outpoint.Index))
		})
	}
	return m
}

// notes counts what an index logs.
type notes struct {
	slog.Handler
	mu   sync.Mutex
	seen map[string]int
	last string // reason of the last rebuild
}

const (
	rebuilt = "address index is built anew"
	redone  = "address index: a block was begun and not ended"
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

// running is an index that runs.
type running struct {
	*Index
	notes *notes
	stop  context.CancelFunc
	ended chan error
}

// run starts an index on a file. It is stopped at the end of the test, or by
// end.
func (w *world) run(path string, change ...func(*Index)) *running {
	w.Helper()
	r := &running{notes: newNotes(), ended: make(chan error, 1)}
	r.Index = New(Config{Path: path}, w, w.codec, slog.New(r.notes))
	for _, f := range change {
		f(r.Index)
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

// check compares every answer with the model.
func (w *world) check(r *running, note string) {
	w.Helper()
	for a, want := range w.model(w.tip) {
		got, height, err := r.Outputs(w.Context(), a)
		if err != nil {
			w.Fatalf("%s: %v: %v", note, a, err)
		}
		if height != w.tip.Height {
			w.Fatalf("%s: at height %d, want %d", note, height, w.tip.Height)
		}
		if !reflect.DeepEqual(got, want) {
			w.Fatalf("%s: %v: got %s\nwant %s", note, a, text(got), text(want))
		}
	}
}

func text(list []*Output) string {
	var b strings.Builder
	for _, o := range list {
		fmt.Fprintf(&b, "\n%v %d at %d, coinbase %v", o.Outpoint, o.Value, o.Height, o.Coinbase)
		if o.Spent != nil {
			fmt.Fprintf(&b, ", spent by %v:%d at %d", o.Spent.Txid, o.Spent.Vin, o.Spent.Height)
		}
	}
	return b.String()
}

func indexPath(t testing.TB) string { return filepath.Join(t.TempDir(), "addresses.db") }

func slogOf(n *notes) *slog.Logger { return slog.New(n) }

func somebody(w *world) address.Address {
	a, _ := w.codec.FromScript(places[0].script)
	return a
}
