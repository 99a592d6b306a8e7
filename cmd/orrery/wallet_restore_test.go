package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orrery/cmd/internal/e2e"
)

// input runs a command that finds text on its standard input.
func (p *purse) input(text string, args ...string) (code int, stdout, stderr string) {
	p.Helper()
	var out, errs strings.Builder
	m := Main{Args: append([]string{"wallet", "--node.data_dir", p.node.Dir}, args...), Stdin: strings.NewReader(text), Stdout: &out, Stderr: &errs}
	code = m.Run(context.Background())
	return code, out.String(), errs.String()
}

// refuses runs a command that must fail with this sentence.
func (p *purse) refuses(want, text string, args ...string) {
	p.Helper()
	code, stdout, stderr := p.input(text, args...)
	if code != 1 || stdout != "" || stderr != "orrery: "+want+"\n" {
		p.Errorf("orrery wallet %q: exit code %d, %q\n got %s\nwant orrery: %s", args, code, stdout, stderr, want)
	}
}

// afterHeading is what "create" shows between its sentences: the words with
// their numbers.
func afterHeading(t *testing.T, stdout string) string {
	t.Helper()
	_, rest, found := strings.Cut(stdout, "in this order:\n\n")
	words, _, end := strings.Cut(rest, "\n\n")
	if !found || !end {
		t.Fatal(stdout)
	}
	return words
}

// TestWalletRestore: what "create" shows brings the wallet back, into a running
// node and into one that refuses to start without its wallet.
func TestWalletRestore(t *testing.T) {
	p := newPurse(t)
	_, shown, _ := p.run("create", "savings")
	words := afterHeading(t, shown)
	var own, onward json.RawMessage
	var standard struct{ Words string }
	p.node.MustWallet(&standard, "default", "getwalletwords")
	for _, name := range []string{"default", "savings"} {
		// The coins are on a later address than the first.
		for range 30 {
			p.node.MustWallet(&own, name, "getnewaddress")
		}
		p.node.Must(nil, "generatetoaddress", 2, own)
	}
	p.node.MustWallet(&onward, "default", "getnewaddress")
	p.node.Must(nil, "generatetoaddress", 101, nobody)
	p.node.MustWallet(nil, "savings", "sendtoaddress", onward, 20) // waits for a block
	balanceOf := func(name string) string {
		t.Helper()
		var b json.RawMessage
		p.node.MustWallet(&b, name, "getbalances")
		return string(b)
	}
	before := [2]string{balanceOf("default"), balanceOf("savings")}

	// Into a running node.
	p.refuses(`there is a wallet "savings" already: choose another name`, words, "restore", "savings")
	p.refuses(`a wallet has these words already: "savings"`, words, "restore", "again")
	p.refuses("a wallet's name is 1 to 64 of a-z, A-Z, 0-9, - and _", "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about", "restore", "a/b")
	p.refuses("these are not the words of a wallet: there are 2, a wallet has 12, 15, 18, 21 or 24. Nothing was made", "1 zoo 2 zoo", "restore", "x")
	p.refuses("these are not the words of a wallet: word 3 is not in the list, check its spelling. Nothing was made", "zoo zoo zo zoo zoo zoo zoo zoo zoo zoo zoo zoo", "restore", "x")
	p.refuses("there are no words to read: type them when asked, or give them on standard input", "", "restore", "x")
	p.refuses("give only the NAME: the words are asked for, so that nobody sees them on the command line", "", "restore", "x", "zoo")
	p.refuses(`give the wallet one NAME; see "orrery wallet restore --help"`, "", "restore")
	file := filepath.Join(p.node.Dir, "wallets", "savings.json")
	p.node.Must(nil, "unloadwallet", "savings")
	p.refuses(`there is a wallet "savings" already: choose another name`, words, "restore", "savings")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := p.input(words, "restore", "savings")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "The wallet savings was restored ("+file+"): 79.9999") || !strings.HasSuffix(stdout, "Next: orrery wallet history --wallet savings\n") {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	if now := balanceOf("savings"); now != before[1] {
		t.Errorf("restored: %s, before %s", now, before[1])
	}
	list := strings.Fields(standard.Words)
	if out := p.node.Output(); strings.Contains(out, list[0]+" "+list[1]) {
		t.Error("the words are in the log")
	}

	// Into one that is not running.
	p.node.Stop()
	gone := filepath.Join(p.node.Dir, "wallets", "default.json")
	for _, name := range []string{"default", "savings"} { // another wallet stands in for none
		if err := os.Remove(filepath.Join(p.node.Dir, "wallets", name+".json")); err != nil {
			t.Fatal(err)
		}
		failed := e2e.Launch(t, "", nil, e2e.Regtest(p.node.Dir)...)
		code, _ = failed.Wait()
		wantFailure(t, code, failed.Output(), "the wallet file "+gone+" is missing", "restore it from its words: orrery wallet restore default\n")
	}
	for name, text := range map[string]string{"default": standard.Words, "savings": words} {
		code, stdout, stderr := p.input(text, "restore", name)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "was restored") || !strings.HasSuffix(stdout, "Next: orrery node\n") {
			t.Errorf("%d %s %s", code, stdout, stderr)
		}
	}
	p.refuses(`there is a wallet "default" already: choose another name, or move its file away`, words, "restore", "default")
	p.node = e2e.Start(t, p.node.Dir)
	if now := [2]string{balanceOf("default"), balanceOf("savings")}; now != before {
		t.Errorf("restored: %s, before %s", now, before)
	}
}

// TestWalletRestoreNowhere: without a chain there is nothing to restore into.
func TestWalletRestoreNowhere(t *testing.T) {
	dir := t.TempDir()
	code, _, stderr := e2e.RunInput(t, dir, strings.Repeat("abandon ", 11)+"about\n", "wallet", "restore", "x", "--node.data_dir", filepath.Join(dir, "data"))
	if code != 1 || !strings.Contains(stderr, "no node answers") {
		t.Errorf("%d %s", code, stderr)
	}
	if exists(filepath.Join(dir, "data")) {
		t.Error("a data folder was made")
	}
}
