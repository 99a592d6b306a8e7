package wallets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"go.uber.org/goleak"

	"orrery/cmd/internal/host"
	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/plugins/pebble"
	"orrery/plugins/verifier"
	"orrery/rpc"
	"orrery/rpc/client"
	"orrery/wallet"
	"orrery/wallet/address"
	"orrery/wallet/keys"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// maturity of the tests' chain; a wallet waits one block more.
const maturity = 3

// rig is a whole node with wallets and RPC: everything real but the rules, on
// which blocks cost nothing.
type rig struct {
	testing.TB
	dir     string
	limits  mempool.Config
	host    *host.Host
	names   scanDirectory
	network rpc.Network // nil: none
	wallets *Wallets
	table   map[string]*rpc.Method
	address string
	stop    func() // ends the node; again does nothing
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	r := &rig{TB: tb, dir: tb.TempDir(), limits: mempool.DefaultConfig(), stop: func() {}}
	r.start()
	tb.Cleanup(func() { r.stop() })
	return r
}

func (r *rig) config() Config {
	return Config{
		Folder: filepath.Join(r.dir, "wallets"), Default: "default", Codec: address.Codec{Versions: chaintest.Params(maturity).Addresses},
		Maturity: maturity, AddressType: keys.BIP44, Now: func() int64 { return r.host.Now().Unix() },
	}
}

// open opens the store, the node and the wallets; close closes them.
func (r *rig) open() (closeAll func() error, err error) {
	store, err := pebble.Open(pebble.Config{Dir: filepath.Join(r.dir, "chain")})
	if err != nil {
		return nil, err
	}
	clock := host.NewClock()
	n, err := node.Open(node.Config{
		Chain: chain.Config{
			Params: chaintest.Params(maturity), Store: store, Rules: chaintest.NewRules(),
			Verifier: verifier.New(verifier.Config{}, slog.New(slog.DiscardHandler)),
		},
		Mempool: r.limits,
	}, clock.Now().UnixNano())
	if err == nil {
		r.host, err = host.New(n, store, clock)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	r.wallets = New(r.config(), r.host, slog.New(slog.DiscardHandler))
	closeAll = func() error {
		err := r.wallets.Close()
		r.host.Close()
		return errors.Join(err, store.Close())
	}
	if _, err := r.wallets.Start(); err != nil {
		return nil, errors.Join(err, closeAll())
	}
	return closeAll, nil
}

// start starts the node, its wallets and RPC in the daemon's order.
func (r *rig) start() {
	r.Helper()
	closeAll, err := r.open()
	if err != nil {
		r.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	cfg := rpc.DefaultConfig()
	cfg.Listener, cfg.User, cfg.Password = listener, "user", "password"
	deps := rpc.Deps{Node: r.host, Wallets: r.wallets, Limits: r.limits, Names: &r.names, Miner: &r.names, Network: r.network}
	r.names.host = r.host
	server, err := rpc.New(cfg, deps)
	if err != nil {
		r.Fatal(err)
	}
	table, err := rpc.NewTable(rpc.Methods(deps))
	if err != nil {
		r.Fatal(err)
	}
	r.table = map[string]*rpc.Method{}
	for _, m := range table.Methods() {
		r.table[m.Name] = m
	}
	r.address = listener.Addr().String()
	stops := []func(){r.run(func(ctx context.Context, ready func()) error { ready(); return r.host.Run(ctx) }), r.run(r.wallets.Run), r.run(server.Run)}
	r.stop = func() {
		r.stop = func() {}
		for i := range stops {
			stops[len(stops)-1-i]()
		}
		if err := closeAll(); err != nil {
			r.Error(err)
		}
	}
}

// run starts a service and returns what ends it.
func (r *rig) run(f func(context.Context, func()) error) func() {
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- f(ctx, func() { close(ready) }) }()
	<-ready
	return func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			r.Error(err)
		}
	}
}

func (r *rig) restart() {
	r.Helper()
	r.stop()
	r.start()
}

// on calls methods of one wallet over a connection of its own.
func (r *rig) on(name string) *caller {
	return &caller{r, client.New(client.Config{Address: r.address, User: "user", Password: "password", Wallet: &name})}
}

// node calls methods without naming a wallet.
func (r *rig) node() *caller {
	return &caller{r, client.New(client.Config{Address: r.address, User: "user", Password: "password"})}
}

// caller calls methods, and checks every answer against its schema.
type caller struct {
	*rig
	client *client.Client
}

func (c *caller) try(result any, method string, params any) error {
	c.Helper()
	var raw json.RawMessage
	if err := c.client.Call(context.Background(), method, params, &raw); err != nil {
		return err
	}
	if m := c.table[method]; m == nil {
		c.Errorf("no method %s", method)
	} else if err := m.Result.Check(raw); err != nil {
		c.Errorf("%s %v: %v\n%s", method, params, err, raw)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(raw, result)
}

// must makes a call that has to work.
func (c *caller) must(result any, method string, params ...any) {
	c.Helper()
	if params == nil {
		params = []any{}
	}
	if err := c.try(result, method, params); err != nil {
		c.Fatalf("%s %v: %v", method, params, err)
	}
	c.client.Close()
}

func (c *caller) text(method string, params ...any) (s string) {
	c.Helper()
	c.must(&s, method, params...)
	return s
}

// fails makes a call that has to fail with this code and text.
func (c *caller) fails(code rpc.Code, text, method string, params ...any) {
	c.Helper()
	var arg any = params
	if len(params) == 1 {
		if named, ok := params[0].(map[string]any); ok {
			arg = named
		}
	}
	if params == nil {
		arg = []any{}
	}
	err := c.try(nil, method, arg)
	c.client.Close()
	var e *rpc.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != text {
		c.Errorf("%s %v:\n got %v\nwant %d %s", method, arg, describe(err), code, text)
	}
}

func describe(err error) string {
	var e *rpc.Error
	if errors.As(err, &e) {
		return fmt.Sprintf("%d %s", e.Code, e.Message)
	}
	return fmt.Sprint(err)
}

// generate mines n blocks that pay to an address.
func (r *rig) generate(n int, to string) []string {
	r.Helper()
	var hashes []string
	r.node().must(&hashes, "generatetoaddress", n, to)
	return hashes
}

// nobody is an address whose key nobody has.
const nobody = "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8"

// fund gives a wallet n coins of 50 that can be spent.
func (r *rig) fund(name string, n int) {
	r.Helper()
	r.generate(n, r.on(name).text("getnewaddress"))
	r.generate(maturity, nobody)
}

// balance of a wallet in satoshi.
func (r *rig) balance(name string) (b balance) {
	r.Helper()
	err := r.wallets.Use(context.Background(), name, true, func(w *wallet.Wallet) error {
		v := w.Balance(0, true)
		b = balance{v.Trusted, v.Pending, v.Immature, v.NonMempool}
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return b
}

type balance struct{ trusted, pending, immature, nonMempool int64 }

// settle offers what waits until the mempool takes no more, as the wallets do
// after each new tip in their own time.
func (r *rig) settle() {
	r.Helper()
	for range 100 {
		v, release := r.host.Acquire()
		before := v.Version
		release()
		for _, o := range r.wallets.list() {
			if err := r.wallets.follow(context.Background(), o); err != nil {
				r.Fatal(err)
			}
			r.wallets.offer(context.Background(), o)
		}
		v, release = r.host.Acquire()
		after := v.Version
		release()
		if after == before {
			return
		}
	}
	r.Fatal("the node does not come to rest")
}

// checkScan compares every wallet with a walk over the coins of the chain and
// the mempool (I7). It begins anew when the node moved meanwhile, as when a
// wallet offers its payments after a reorg.
func (r *rig) checkScan() {
	r.Helper()
	for range 100 {
		v, release := r.host.Acquire()
		fault := r.scan(v)
		release()
		now, release := r.host.Acquire()
		same := now.Version == v.Version
		release()
		if same && fault == "" {
			return
		}
		if same {
			r.Fatal(fault)
		}
	}
	r.Fatal("the node does not come to rest")
}

func (r *rig) scan(v *node.View) (fault string) {
	r.Helper()
	coins := map[wire.OutPoint]*wire.TxOut{}
	err := v.Store.EachCoin(func(o wire.OutPoint, c *consensus.Coin) error {
		if v.Mempool.Spender(o) == nil {
			coins[o] = wire.NewTxOut(c.Value, append([]byte(nil), c.Script...))
		}
		return nil
	})
	for e := range v.Mempool.All() {
		for i, out := range e.Tx.Msg.TxOut {
			if o := (wire.OutPoint{Hash: e.Tx.ID(), Index: uint32(i)}); v.Mempool.Spender(o) == nil {
				coins[o] = out
			}
		}
	}
	for _, name := range r.wallets.Names() {
		err = errors.Join(err, r.wallets.Use(context.Background(), name, true, func(w *wallet.Wallet) error {
			fault += compare(w, r.config().Codec, coins)
			return nil
		}))
	}
	if err != nil {
		r.Fatal(err)
	}
	return fault
}

func compare(w *wallet.Wallet, codec address.Codec, coins map[wire.OutPoint]*wire.TxOut) string {
	want, got := map[wire.OutPoint]int64{}, map[wire.OutPoint]int64{}
	sum := int64(0)
	for o, out := range coins {
		a, _ := codec.FromScript(out.PkScript)
		if info, err := w.AddressInfo(a.String()); err == nil && info.Mine {
			want[o] = out.Value
			sum += out.Value
		}
	}
	b := w.Balance(0, true)
	if total := b.Trusted + b.Pending + b.Immature; total != sum {
		return fmt.Sprintf("wallet %s: balance %+v is %d, the chain has %d\n", w.Name(), b, total, sum)
	}
	for _, u := range w.ListUnspent(wallet.CoinFilter{MaxConf: 1 << 30, Unsafe: true, Immature: true}) {
		got[u.Outpoint] = u.Value
	}
	if b.NonMempool == 0 && !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("wallet %s: coins %v, the chain has %v\n", w.Name(), got, want)
	}
	return ""
}
