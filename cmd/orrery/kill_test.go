package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/cmd/internal/e2e"
	"orrery/rpc"
)

// The kill loop: a real node under blocks, payments and reorgs is killed at
// random moments, again and again, also while it starts. After each restart
// everything that it had acknowledged must be there (I5), the coins must be
// those of a naive replay of its blocks (I2), and its tip the best of the
// valid blocks that it knows (I3), and the wallet has what the chain says (I7).

func TestKill(t *testing.T) {
	t.Parallel()
	killLoop(t, 5)
}

func TestLongKill(t *testing.T) {
	if os.Getenv("LONG_TESTS") == "" {
		t.Skip("left out: 100 kills take minutes; set LONG_TESTS=1")
	}
	killLoop(t, 100)
}

const (
	// baseBlocks are never reorganized, so that payments from the first of
	// them stay valid whatever happens above.
	baseBlocks   = 150
	walletBlocks = 30 // of them
	payers       = 3
	// Payments do not hang together: of a long chain a reorg could bring back
	// more than the mempool's limit for one cluster.
	coinsPerKill  = 250
	coinsPerSplit = 2500 // as many as a standard transaction has room for
	// killWithin bounds the time from a start to the kill.
	killWithin = 350 * time.Millisecond
	// deepest reorg that the loop asks for.
	deepest = 6
)

// loop is the state over all restarts.
type loop struct {
	t   *testing.T
	dir string
	rnd *rand.Rand

	model naive

	mu      sync.Mutex
	blocks  []string        // acknowledged
	txs     []string        // acknowledged
	sent    []string        // the same, by the wallet
	revoked map[string]bool // acknowledged, since the last request to take one back
	coins   []e2e.Spend     // what the payers may still spend, each on its own
	unsure  []e2e.Spend     // one a payer: sent without an answer, or empty
	given   map[string]bool // addresses that the wallet gave out
	open    atomic.Int32    // requests without an answer

	mine map[string]bool // by output script: whether the wallet says that it is its own

	inFlight, unclean int // kills during a request; restarts that found work in the log
}

func killLoop(t *testing.T, kills int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	l := &loop{t: t, dir: filepath.Join(t.TempDir(), "data"), rnd: rand.New(rand.NewPCG(seed, 0)), revoked: map[string]bool{}, given: map[string]bool{}, mine: map[string]bool{}, unsure: make([]e2e.Spend, payers),
		model: naive{blocks: map[chainhash.Hash]*wire.MsgBlock{}}}
	n := e2e.Start(t, l.dir)
	var base []string
	splits := (kills*coinsPerKill + coinsPerSplit - 1) / coinsPerSplit
	n.Must(&base, "generatetoaddress", splits, e2e.AnyoneAddress)
	var address string
	n.Must(&address, "getnewaddress")
	n.Must(nil, "generatetoaddress", walletBlocks, address)
	n.Must(nil, "generatetoaddress", baseBlocks-1-walletBlocks-splits, nobody)
	for _, block := range base {
		split := e2e.SplitAnyone(t, n.Coinbase(block), 50_0000_0000, coinsPerSplit*100, coinsPerSplit)
		n.Must(nil, "sendrawtransaction", split.Hex)
		for i := range coinsPerSplit {
			split.Out.Index = uint32(i)
			l.coins = append(l.coins, split)
		}
	}
	n.Must(nil, "generatetoaddress", 1, nobody)
	n.Kill()
	for i := range kills {
		l.round(seed + uint64(i))
		if t.Failed() {
			t.Fatalf("after kill %d of %d", i+1, kills)
		}
	}
	n = e2e.Start(t, l.dir)
	clear(l.model.blocks) // now every block that was ever acknowledged is asked for again
	l.check(n)
	l.replay(n)
	n.Stop()
	t.Logf("%d kills, %d during a request, %d restarts found unfinished work; %d blocks and %d payments acknowledged",
		kills, l.inFlight, l.unclean, len(l.blocks), len(l.txs)+len(l.sent))
	if l.inFlight < kills/3 || l.unclean < kills/3 {
		t.Errorf("too few kills hit anything: of %d, %d during a request, %d needed recovery", kills, l.inFlight, l.unclean)
	}
}

// round starts the node, checks it, lets clients work, and kills it at a
// random moment since its start.
func (l *loop) round(seed uint64) {
	p := e2e.Launch(l.t, "", nil, e2e.Regtest(l.dir)...)
	moment := time.Duration(l.rnd.Int64N(int64(killWithin)))
	if l.rnd.IntN(4) == 0 { // in the middle of recovery
		moment /= 8
		select {
		case <-time.After(moment):
		case <-p.Exited():
			l.t.Errorf("the node ended by itself:\n%s", p.Output())
		}
		p.Kill()
		return
	}
	n := e2e.Ready(l.t, p)
	l.check(n)
	if l.t.Failed() {
		return
	}
	stop := make(chan struct{})
	var clients sync.WaitGroup
	clients.Go(func() { l.generate(n, rand.New(rand.NewPCG(seed, 1)), stop) })
	clients.Go(func() { l.reorg(n, rand.New(rand.NewPCG(seed, 2)), stop) })
	for i := range payers {
		clients.Go(func() { l.pay(n, i, stop) })
	}
	clients.Go(func() { l.send(n, stop) })
	select {
	case <-time.After(moment):
	case <-p.Exited():
		l.t.Errorf("the node ended by itself:\n%s", p.Output())
	}
	if l.open.Load() > 0 {
		l.inFlight++
	}
	p.Kill()
	close(stop)
	clients.Wait()
}

// call calls until the node is dead. ok says that there was an answer without
// an error; an error of the method that cannot happen fails the test.
func (l *loop) call(n *e2e.Node, result any, method string, params ...any) (ok bool, failure *rpc.Error) {
	l.open.Add(1)
	err := n.Call(result, method, params...)
	l.open.Add(-1)
	if errors.As(err, &failure) {
		if failure.Code == rpc.CodeInternal {
			l.t.Errorf("%s %v: %v", method, params, err)
		}
		return false, failure
	}
	return err == nil, nil
}

func ended(stop chan struct{}, n *e2e.Node) bool {
	select {
	case <-stop:
		return true
	case <-n.Exited():
		return true
	default:
		return false
	}
}

func (l *loop) generate(n *e2e.Node, rnd *rand.Rand, stop chan struct{}) {
	for !ended(stop, n) {
		var made []string
		if ok, _ := l.call(n, &made, "generatetoaddress", 1+rnd.IntN(4), nobody); ok {
			l.mu.Lock()
			l.blocks = append(l.blocks, made...)
			l.mu.Unlock()
		}
	}
}

func (l *loop) reorg(n *e2e.Node, rnd *rand.Rand, stop chan struct{}) {
	for !ended(stop, n) {
		var height int
		var hash string
		if ok, _ := l.call(n, &height, "getblockcount"); !ok || height <= baseBlocks+deepest {
			continue
		}
		if ok, _ := l.call(n, &hash, "getblockhash", height-rnd.IntN(deepest)); !ok {
			continue
		}
		if ok, _ := l.call(n, nil, "invalidateblock", hash); !ok {
			continue
		}
		l.mu.Lock()
		l.revoked[hash] = true
		l.mu.Unlock()
		var made []string
		if ok, _ := l.call(n, &made, "generatetoaddress", 1+rnd.IntN(3), e2e.AnyoneAddress); ok {
			l.mu.Lock()
			l.blocks = append(l.blocks, made...)
			l.mu.Unlock()
		}
		if rnd.IntN(2) == 0 {
			l.mu.Lock()
			clear(l.revoked) // it takes back relatives too
			l.mu.Unlock()
			l.call(n, nil, "reconsiderblock", hash)
		}
	}
}

// pay spends coin after coin. A payment whose answer never came is sent again
// after the restart.
func (l *loop) pay(n *e2e.Node, payer int, stop chan struct{}) {
	for !ended(stop, n) {
		l.mu.Lock()
		if l.unsure[payer].ID == "" {
			if len(l.coins) == 0 {
				l.mu.Unlock()
				return
			}
			coin := l.coins[0]
			l.coins = l.coins[1:]
			l.unsure[payer] = e2e.SpendAnyone(l.t, coin.Out, coin.Value, e2e.FeePerSpend)
		}
		spend := l.unsure[payer]
		l.mu.Unlock()
		ok, failure := l.call(n, nil, "sendrawtransaction", spend.Hex)
		if failure != nil && failure.Code == rpc.CodeVerifyInChain {
			ok = true // it had reached the node before the kill
		} else if failure != nil {
			l.t.Errorf("a payment was refused: %v", failure)
		}
		if ok {
			l.mu.Lock()
			l.txs = append(l.txs, spend.ID)
			l.unsure[payer] = e2e.Spend{}
			l.mu.Unlock()
		}
	}
}

// send pays out of the wallet, in turn to itself and to somebody.
func (l *loop) send(n *e2e.Node, stop chan struct{}) {
	to := nobody
	for i := 0; !ended(stop, n); i++ {
		if i%2 == 0 {
			if ok, _ := l.call(n, &to, "getnewaddress"); !ok {
				continue
			}
			l.mu.Lock()
			if l.given[to] {
				l.t.Errorf("the wallet gave out %s twice", to)
			}
			l.given[to] = true
			l.mu.Unlock()
		} else {
			to = nobody
		}
		var id string
		ok, failure := l.call(n, &id, "sendtoaddress", to, 0.01)
		switch {
		case ok:
			l.mu.Lock()
			l.sent = append(l.sent, id)
			l.mu.Unlock()
		// A reorg may come between making and sending: a payment is locked to the
		// height at which it was made, and spends change that may be, too.
		case failure != nil && !strings.Contains(failure.Message, "non-final") && !strings.Contains(failure.Message, "bad-txns-inputs-missingorspent"):
			l.t.Errorf("the wallet cannot pay: %v", failure)
		}
	}
}
