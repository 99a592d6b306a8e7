package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"orrery/cmd/internal/e2e"
)

// purse runs "orrery wallet" against a running node.
type purse struct {
	*testing.T
	node *e2e.Node
}

func newPurse(t *testing.T) *purse {
	t.Helper()
	return newPurseArgs(t)
}

func newPurseArgs(t *testing.T, args ...string) *purse {
	t.Helper()
	p := &purse{t, e2e.Start(t, t.TempDir(), args...)}
	t.Chdir(t.TempDir()) // away from any config.toml
	return p
}

func (p *purse) run(args ...string) (code int, stdout, stderr string) {
	p.Helper()
	return p.runIn(context.Background(), args...)
}

func (p *purse) runIn(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	p.Helper()
	var out, errs strings.Builder
	m := Main{Args: append([]string{"wallet", "--node.data_dir", p.node.Dir}, args...), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
	code = m.Run(ctx)
	return code, out.String(), errs.String()
}

// shows runs a command that must print this, with what differs from run to run
// replaced by a word.
func (p *purse) shows(want string, args ...string) {
	p.Helper()
	code, stdout, stderr := p.run(args...)
	if got := normal(stdout); code != 0 || stderr != "" || got != want {
		p.Errorf("orrery wallet %q: exit code %d, %s\n got %s\nwant %s", args, code, stderr, got, want)
	}
}

// fails runs a command that must fail with this sentence and print nothing.
func (p *purse) fails(want string, args ...string) {
	p.Helper()
	code, stdout, stderr := p.run(args...)
	if code != 1 || stdout != "" || stderr != "orrery: "+want+"\n" {
		p.Errorf("orrery wallet %q: exit code %d, %q\n got %s\nwant orrery: %s", args, code, stdout, stderr, want)
	}
}

var normalizers = []struct {
	what *regexp.Regexp
	word string
}{
	{regexp.MustCompile(`[0-9a-f]{64}:\d`), "TXID:N"}, // the change is anywhere
	{regexp.MustCompile(`[0-9a-f]{64}`), "TXID"},
	{regexp.MustCompile(`\b[mn][1-9A-HJ-NP-Za-km-z]{25,34}\b`), "ADDRESS"},
	{regexp.MustCompile(`\bbcrt1q[0-9a-z]{38}\b`), "SEGWIT"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), "TIME"},
	{regexp.MustCompile(`\d+ vB`), "N vB"}, // a signature may be a byte shorter
	{regexp.MustCompile(` {2,}`), "  "},
	{regexp.MustCompile(`\n`), "|"},
}

func normal(text string) string {
	for _, n := range normalizers {
		text = n.what.ReplaceAllString(text, n.word)
	}
	return text
}

// TestWalletTour is what a person sees of the first coins.
func TestWalletTour(t *testing.T) {
	p := newPurse(t)
	generate := func(n int, to string) {
		p.Helper()
		p.node.Must(nil, "generatetoaddress", n, to)
	}
	p.shows("0.00 spendable|", "balance")
	p.shows("nothing was sent or received yet: 'orrery wallet address' gives an address to be paid at|", "history")
	p.shows("no coins: 'orrery wallet address' gives an address to be paid at|", "coins")
	p.shows("no address was handed out yet: 'orrery wallet address' makes one|", "address", "--list")
	_, own, _ := p.run("address", "--label", "rent")
	own = strings.TrimSpace(own)
	p.shows("SEGWIT|", "address", "--bech32")
	generate(2, own)
	p.shows("0.00 spendable, 100.00 maturing: first in 99 blocks (about 17 h)|", "balance")
	p.fails(`not enough to send 1.5 and the fee. The wallet "default" has 0.00 spendable, 100.00 maturing: first in 99 blocks (about 17 h)`, "send", nobody, "1.5", "--yes")
	generate(99, nobody)
	p.shows("50.00 spendable, 50.00 maturing: first in 1 block (about 10 min)|", "balance")
	p.fails("0.00000600 is too small to take the fee from: send more, or leave --subtract-fee out", "send", nobody, "0.00000600", "--subtract-fee", "--yes")
	p.fails("the fee would be more than 0.10, which is hardly meant: take a lower --fee-rate", "send", nobody, "1", "--fee-rate", "50000", "--yes")
	p.shows("Pay ADDRESS|Amount  1.50|Fee  0.00000226  1.0 sat/vB, N vB|Change  48.49999774  comes back to this wallet|"+
		`Left  48.49999774  spendable in wallet "default" after it|Sent: TXID|It waits for a block. See it with: orrery wallet history|`,
		"send", nobody, "1.5", "--yes")
	p.shows("TIME  WHAT  AMOUNT  FEE  BLOCKS  ADDRESS  LABEL  TXID|TIME  mined  +50.00  101  ADDRESS  rent  TXID|"+
		"TIME  maturing 100/101  +50.00  100  ADDRESS  rent  TXID|TIME  sent  -1.50  0.00000226  0  ADDRESS  TXID|", "history")
	p.shows("TIME  WHAT  AMOUNT  FEE  BLOCKS  ADDRESS  TXID|TIME  sent  -1.50  0.00000226  0  ADDRESS  TXID|", "history", "--count", "1")
	p.shows("  AMOUNT  STATE  BLOCKS  ADDRESS  LABEL  OUTPUT|  50.00  matures in 1 block  100  ADDRESS  rent  TXID:N|48.49999774  spendable  0  ADDRESS  TXID:N|",
		"coins")
	p.shows("ADDRESS  LABEL  RECEIVED  IN|ADDRESS  rent  100.00  2 payments|SEGWIT  0.00|", "address", "--list")
	generate(1, nobody)
	p.shows("Pay ADDRESS|Amount  9.99999548|Fee  0.00000452  2.0 sat/vB, N vB|Change  40.00  comes back to this wallet|"+
		`Left  88.49999774  spendable in wallet "default" after it|Sent: TXID|It waits for a block. See it with: orrery wallet history|`,
		"send", nobody, "10", "--subtract-fee", "--fee-rate", "2", "--yes")
	// What was shown is what was sent, and no coin stays locked.
	p.node.Must(nil, "generatetoaddress", 1, nobody)
	_, stdout, _ := p.run("balance")
	if !strings.HasPrefix(stdout, "88.49999774 spendable") {
		t.Errorf("afterwards: %s", stdout)
	}
	var locked []any
	if p.node.Must(&locked, "listlockunspent"); len(locked) != 0 {
		t.Errorf("locked: %v", locked)
	}
}

func TestWalletCreate(t *testing.T) {
	p := newPurse(t)
	code, stdout, stderr := p.run("create", "savings")
	var words struct{ Words string }
	p.node.MustWallet(&words, "savings", "getwalletwords")
	shown := regexp.MustCompile(`\d+ ([a-z]+) `).FindAllStringSubmatch(stdout, -1)
	var list []string
	for _, s := range shown {
		list = append(list, s[1])
	}
	if code != 0 || stderr != "" || strings.Join(list, " ") != words.Words || len(list) != 12 {
		t.Errorf("%d %s %s, the words are %s", code, stdout, stderr, words.Words)
	}
	if !strings.HasSuffix(stdout, "Next: orrery wallet address --wallet savings\n") || !strings.Contains(stdout, "savings.json") || !strings.Contains(stdout, "not encrypted") {
		t.Error(stdout)
	}
	if strings.Contains(p.node.Output(), list[0]+" "+list[1]) {
		t.Error("the words are in the log")
	}
	p.fails(`there is a wallet "savings" already: choose another name`, "create", "savings")
	p.fails("a wallet's name is 1 to 64 of a-z, A-Z, 0-9, - and _", "create", "a/b")
	p.fails(`give the new wallet one NAME; see "orrery wallet create --help"`, "create")
	p.fails(`give the new wallet one NAME; see "orrery wallet create --help"`, "create", "x", "--wallet", "y")
	if _, help, _ := p.run("create", "--help"); strings.Contains(help, "of the wallet") || !strings.Contains(help, "--json") {
		t.Errorf("create --help: %s", help)
	}
	p.shows("WALLET  SPENDABLE|default  0.00|savings  0.00|", "list")
	p.shows("ADDRESS|", "address", "--wallet", "savings")
	p.fails(`no wallet "sav" is loaded. Loaded: default, savings. Load one with 'orrery cli loadwallet NAME', make one with 'orrery wallet create NAME'`, "balance", "--wallet", "sav")
}

func TestWalletMistakes(t *testing.T) {
	p := newPurse(t)
	const looks = "Addresses of this chain look like mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8 or bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
	p.fails(`"mFoo" is no address: Invalid checksum or length of Base58 address (P2PKH or P2SH). `+looks, "send", "mFoo", "1", "--yes")
	p.fails(`nobody has claimed the name "data", and it is no address. Names are in 'orrery wallet directory'`, "send", "data", "1", "--yes")
	p.fails(`not enough to send 1 and the fee. The wallet "default" has 0.00 spendable`, "send", nobody, "1", "--yes")
	p.fails("nothing was sent: there is no terminal to ask at. Repeat with --yes to send without asking", "send", nobody, "1")
	p.fails("0.00000001 is too small to send: to this address it must be 0.00000546 at least, since spending it later costs a fee, too", "send", nobody, "0.00000001", "--yes")
	p.fails("Fee rate (0.010 sat/vB) is lower than the minimum fee rate setting (0.100 sat/vB)", "send", nobody, "1", "--fee-rate", "0.01", "--yes")
	for _, amount := range []string{"x", "0", "1,5", "-1", "1.000000001", "22000000"} {
		p.fails(fmt.Sprintf("%q is no amount to send: write coins, such as 1.5, with at most 8 decimals", amount), "send", "--yes", "--", nobody, amount)
	}
	for _, amount := range []string{"-1", "-0.5", "-.5"} {
		p.fails(fmt.Sprintf("%q is no amount to send: write coins, such as 1.5, with at most 8 decimals", amount), "send", nobody, amount)
	}
	p.fails(`unknown shorthand flag: 'x' in -x; see "orrery wallet send --help", and "orrery config keys" for every setting`, "send", nobody, "-x")
	p.fails(`"x" is no fee rate: write satoshi for each virtual byte, such as 1.5, with at most 3 decimals`, "send", nobody, "1", "--fee-rate", "x", "--yes")
	p.fails("--wait cannot be below 0", "send", nobody, "1", "--wait", "-1", "--yes")
	p.fails(`say whom to pay and how much: orrery wallet send TO AMOUNT; see "orrery wallet send --help"`, "send", nobody)
	p.fails("--list makes no address: leave --label and --bech32 out", "address", "--list", "--bech32")
	p.fails("--count and --skip cannot be below 0", "history", "--count", "-1")
	p.fails(`--count is "x", must be a whole number; see "orrery wallet history --help"`, "history", "--count", "x")
	p.fails(`--json is "x", must be true or false; see "orrery wallet history --help"`, "history", "--json=x")
	p.shows("no entries: --count and --skip leave out all that there are|", "history", "--count", "0")
	p.node.Stop()
	code, stdout, stderr := p.run("balance")
	if code != 1 || stdout != "" || !strings.Contains(stderr, "no node answers") || !strings.Contains(stderr, "orrery node") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("without a node: %d %q %q", code, stdout, stderr)
	}
}

func TestWalletOff(t *testing.T) {
	p := newPurseArgs(t, "--wallet.enabled=false")
	p.fails("the node opens no wallets: start it with wallet.enabled = true", "balance")
	p.fails("the node opens no wallets: start it with wallet.enabled = true", "create", "x")
}

// TestWalletJSON: programs get what the node answered.
func TestWalletJSON(t *testing.T) {
	p := newPurse(t)
	var own string
	p.json(&own, "address")
	p.node.Must(nil, "generatetoaddress", 101, own)
	var balances struct {
		Mine struct{ Trusted json.Number }
	}
	if p.json(&balances, "balance"); balances.Mine.Trusted != "50.00000000" {
		t.Errorf("%+v", balances)
	}
	var sent struct {
		Txid, Hex string
		Fee       json.Number
	}
	p.json(&sent, "send", nobody, "1.5", "--yes")
	var list []struct {
		Txid   string
		Amount json.Number
	}
	if p.json(&list, "history", "--count", "1"); len(list) != 1 || list[0].Txid != sent.Txid || list[0].Amount != "-1.50000000" {
		t.Errorf("%+v, sent %+v", list, sent)
	}
	if p.json(&list, "coins"); len(list) != 101 {
		t.Errorf("%d coins", len(list))
	}
	var addresses []struct{ Address string }
	if p.json(&addresses, "address", "--list"); len(addresses) != 1 || addresses[0].Address != own {
		t.Errorf("%+v", addresses)
	}
	var made struct{ Name, Words string }
	if p.json(&made, "create", "x"); made.Name != "x" || len(strings.Fields(made.Words)) != 12 {
		t.Errorf("%+v", made)
	}
	var wallets []struct {
		Name     string
		Balances map[string]any
	}
	if p.json(&wallets, "list"); len(wallets) != 2 || wallets[1].Name != "x" || wallets[0].Balances["mine"] == nil {
		t.Errorf("%+v", wallets)
	}
}

func (p *purse) json(into any, args ...string) {
	p.Helper()
	code, stdout, stderr := p.run(append(args, "--json")...)
	if code != 0 || stderr != "" {
		p.Fatalf("%q: %d %s", args, code, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), into); err != nil {
		p.Fatalf("%q: %v in %s", args, err, stdout)
	}
}

func TestWalletWait(t *testing.T) {
	p := newPurse(t)
	_, own, _ := p.run("address")
	p.node.Must(nil, "generatetoaddress", 101, strings.TrimSpace(own))
	done := make(chan string)
	go func() {
		_, stdout, stderr := p.run("send", nobody, "1", "--yes", "--wait", "2")
		done <- stdout + stderr
	}()
	for pool := []string(nil); len(pool) == 0; {
		p.node.Must(&pool, "getrawmempool")
	}
	p.node.Must(nil, "generatetoaddress", 2, nobody)
	if out := <-done; !strings.HasSuffix(out, "2 of 2 confirmations, in block 102\n") {
		t.Error(out)
	}
	// Who stops waiting has sent all the same.
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for pool := []string(nil); len(pool) == 0; {
			p.node.Must(&pool, "getrawmempool")
		}
		cancel()
	}()
	code, stdout, stderr := p.runIn(ctx, "send", nobody, "1", "--yes", "--wait", "1")
	if code != 1 || !strings.Contains(stdout+stderr, "the payment was sent") {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
}

// A payment that was answered survives kill -9, comment and all.
func TestWalletKilled(t *testing.T) {
	dir := t.TempDir()
	node := e2e.Start(t, dir)
	var own string
	node.Must(&own, "getnewaddress")
	node.Must(nil, "generatetoaddress", 110, own)
	var sent []string
	shown := map[string]bool{own: true}
	for round := range 5 {
		for i := range 3 {
			var txid, address string
			node.Must(&txid, "sendtoaddress", nobody, 1, fmt.Sprintf("%d.%d", round, i))
			node.Must(&address, "getnewaddress")
			if shown[address] {
				t.Fatalf("%s was handed out twice", address)
			}
			sent, shown[address] = append(sent, txid), true
		}
		var before, after json.RawMessage
		node.Must(&before, "getbalances")
		node.Kill()
		node = e2e.Start(t, dir)
		if node.Must(&after, "getbalances"); string(after) != string(before) {
			t.Errorf("after kill -9:\n%s\nbefore:\n%s", after, before)
		}
		for i, txid := range sent {
			var tx struct {
				Comment string
				Trusted bool
			}
			if node.Must(&tx, "gettransaction", txid); !tx.Trusted || tx.Comment != fmt.Sprintf("%d.%d", i/3, i%3) {
				t.Errorf("payment %d of %d: %+v", i, len(sent), tx)
			}
		}
	}
}

// TestWalletStuck: a payment that a reorg put out of the mempool is told apart
// from one that waits for a block.
func TestWalletStuck(t *testing.T) {
	p := newPurse(t)
	_, own, _ := p.run("address")
	p.node.Must(nil, "generatetoaddress", 110, strings.TrimSpace(own))
	p.node.Must(nil, "sendtoaddress", nobody, 1)
	var tip string
	p.node.Must(&tip, "getbestblockhash")
	p.node.Must(nil, "invalidateblock", tip) // before the lock time of the payment is over
	code, stdout, _ := p.run("balance")
	if !strings.Contains(stdout, "in payments that are not in the mempool: 'orrery wallet history' marks them.") {
		t.Errorf("balance: %d %s", code, stdout)
	}
	p.shows("TIME  WHAT  AMOUNT  FEE  BLOCKS  ADDRESS  TXID|TIME  sent, not in the mempool  -1.00  0.00000226  0  ADDRESS  TXID|", "history", "--count", "1")
	p.node.Must(nil, "reconsiderblock", tip)
	var pool []string
	for len(pool) == 0 {
		p.node.Must(&pool, "getrawmempool")
	}
	p.shows("TIME  WHAT  AMOUNT  FEE  BLOCKS  ADDRESS  TXID|TIME  sent  -1.00  0.00000226  0  ADDRESS  TXID|", "history", "--count", "1")
}
