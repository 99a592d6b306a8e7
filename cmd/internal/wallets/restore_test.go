package wallets

import (
	"os"
	"strings"
	"testing"

	"orrery/rpc"
)

// TestRestoreWords: the answer comes when the wallet has found everything, also
// what lies beyond many addresses that were never paid.
func TestRestoreWords(t *testing.T) {
	r := newRig(t)
	r.node().must(nil, "createwallet", "savings")
	w := r.on("savings")
	var secret struct{ Words string }
	w.must(&secret, "getwalletwords")
	for range 150 {
		w.text("getnewaddress")
	}
	r.fund("savings", 2)
	w.must(nil, "sendtoaddress", nobody, 7)
	before := r.balance("savings")
	r.node().must(nil, "unloadwallet", "savings")
	path := r.wallets.Path("savings")
	r.node().fails(rpc.CodeWallet, "Wallet file verification failed. Failed to create database path '"+path+"'. Database already exists.",
		"restorewalletwords", "savings", secret.Words)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var made struct{ Name string }
	r.node().must(&made, "restorewalletwords", "savings", " "+strings.ToUpper(secret.Words)+"\n")
	if now := r.balance("savings"); now != before || made.Name != "savings" {
		t.Errorf("%q has %+v, before it was %+v", made.Name, now, before)
	}
	r.checkScan()
	const same = `a wallet has these words already: "savings"`
	r.node().fails(rpc.CodeWalletLoaded, same, "restorewalletwords", "again", secret.Words)
	r.node().must(nil, "unloadwallet", "savings") // the next start loads it all the same
	r.node().fails(rpc.CodeWalletLoaded, same, "restorewalletwords", "again", secret.Words)
	if _, err := RestoreFile(r.wallets.cfg.Folder, "again", secret.Words, r.wallets.cfg.Codec); err == nil || err.Error() != same {
		t.Errorf("without a node: %v", err)
	}
	r.node().fails(rpc.CodeParameter, "these are not the words of a wallet: their checksum does not fit, check the order and each word",
		"restorewalletwords", "again", strings.Repeat("abandon ", 12))
	r.node().fails(rpc.CodeParameter, "Wallet name cannot be empty", "restorewalletwords", "", strings.Repeat("abandon ", 11)+"about")
	if files, err := r.wallets.Files(); err != nil || len(files) != 2 {
		t.Errorf("files %v, %v", files, err)
	}
}
