package wallets

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"orrery/cmd/internal/host"
	"orrery/core/chain/chaintest"
	"orrery/core/directory"
	"orrery/core/netsync"
	"orrery/core/node"
	"orrery/core/protocol"
	"orrery/rpc"
	"orrery/wallet"
)

// scanDirectory finds the names by reading the whole chain, and carries claims
// nowhere. As a miner it does nothing, either.
type scanDirectory struct {
	host    *host.Host
	mining  bool
	full    error
	net     *node.NetView // what the views show, if it is set
	carried []directory.Claim
}

func (d *scanDirectory) Names(context.Context) (t directory.Table, v *node.View, release func(), err error) {
	v, release = d.host.Acquire()
	t = directory.NewTable(v.Params.NetworkID)
	for h := int32(1); h <= v.Tip.Height && err == nil; h++ {
		b, berr := v.Block(v.At(h))
		if err = berr; err == nil {
			t, _ = t.Apply(b, h)
		}
	}
	if d.net != nil {
		other := *v
		other.Net, v = d.net, &other
	}
	return t, v, release, err
}

func (d *scanDirectory) Carry(c directory.Claim) error {
	if d.full != nil {
		return d.full
	}
	d.carried = append(d.carried, c)
	return nil
}

func (d *scanDirectory) Carried() []directory.Claim { return d.carried }

func (d *scanDirectory) SetGenerate(bool, int) {}

func (d *scanDirectory) Generating() (bool, int, float64) { return d.mining, 1, 0 }

type nameAnswer struct {
	Name, Address, Txid          string
	Seq                          uint32
	Height, Since, Confirmations int32
	Fee                          *float64
	Mining                       bool
	Pending                      []nameAnswer
}

func TestNames(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	w.fails(rpc.CodeFunds, "Insufficient funds: 0.00 and a fee of 0.00000128 wanted, 0.00 spendable", "registername", "alice")
	r.fund("default", 5)
	own := w.text("getnewaddress", "", "bech32")
	for text, bad := range map[string]string{"Alice": `"Alice"`, "": `""`, "-a": `"-a"`, "a-": `"a-"`, strings.Repeat("a", 33): `"` + strings.Repeat("a", 33) + `"`} {
		for _, method := range []string{"registername", "movename", "resolvename"} {
			w.fails(rpc.CodeParameter, bad+" is no name: a name has 1 to 32 of a-z, 0-9 and -, which is neither first nor last", method, text)
		}
	}
	w.fails(rpc.CodeParameter, `"bcrt1pfeesnyr2tx" is an address: whoever pays it would not pay a name`, "registername", "bcrt1pfeesnyr2tx")
	w.fails(rpc.CodeWallet, "The wallet does not have the key of "+nobody+": the address itself must sign for its name", "registername", "alice", nobody)
	w.fails(rpc.CodeAddress, "Invalid address: Invalid or unsupported Segwit (Bech32) or Base58 encoding.", "registername", "alice", "x!")
	w.fails(rpc.CodeAddress, "The address cannot hold a name: only addresses of one key can hold a name: P2PKH, P2WPKH or P2TR", "registername", "alice", "2MsFDzHRUAMpjHxKyoEHU3aMCMsVtMqs1PV")
	w.fails(rpc.CodeAddress, `Nobody has claimed the name "alice"`, "resolvename", "alice")
	w.fails(rpc.CodeAddress, `Nobody has the name "alice" yet: register it`, "movename", "alice")

	var claim, found nameAnswer
	w.must(&claim, "registername", "alice", own, 2)
	if claim.Name != "alice" || claim.Address != own || claim.Seq != 0 || claim.Fee == nil || claim.Mining {
		t.Errorf("%+v", claim)
	}
	w.fails(rpc.CodeWallet, `A claim of the name "alice" for this wallet waits for a block already`, "registername", "alice")
	w.fails(rpc.CodeAddress, `The claim of the name "alice" waits for a block: until then, and until 2 blocks have it, somebody else can still get the name`, "resolvename", "alice")
	r.node().must(nil, "createwallet", "other")
	other := r.on("other")
	other.fails(rpc.CodeWallet, `Another claim of the name "alice" waits for a block: choose another name, or see what becomes of it`, "registername", "alice")
	r.generate(2, nobody)
	w.must(&found, "resolvename", "alice")
	if found.Address != own || found.Confirmations != 2 || found.Since != found.Height || found.Txid != claim.Txid || len(found.Pending) != 0 {
		t.Errorf("%+v", found)
	}
	w.fails(rpc.CodeWallet, `The name "alice" is this wallet's already: move it if it shall be paid to another address`, "registername", "alice")
	other.fails(rpc.CodeWallet, `Somebody else has the name "alice": choose another`, "registername", "alice")
	other.fails(rpc.CodeWallet, `The name "alice" belongs to an address that this wallet does not have`, "movename", "alice")

	w.must(&claim, "movename", "alice", nobody)
	if w.must(&found, "resolvename", "alice"); found.Address != own || len(found.Pending) != 1 || found.Pending[0].Address != nobody || found.Pending[0].Txid != claim.Txid {
		t.Errorf("while a move waits: %+v", found)
	}
	other.fails(rpc.CodeWallet, `The name "alice" belongs to an address that this wallet does not have`, "movename", "alice")
	r.generate(1, nobody)
	if w.must(&found, "resolvename", "alice"); found.Address != nobody || found.Confirmations != 1 || found.Seq != 1 {
		t.Errorf("moved: %+v", found)
	}
	w.fails(rpc.CodeWallet, `The name "alice" belongs to an address that this wallet does not have`, "movename", "alice")

	// A reorg takes the move back; the mempool has it again.
	tip := w.text("getbestblockhash")
	w.must(nil, "invalidateblock", tip)
	if w.must(&found, "resolvename", "alice"); found.Address != own || found.Confirmations != 2 || len(found.Pending) != 1 {
		t.Errorf("after a reorg: %+v", found)
	}
	w.must(nil, "reconsiderblock", tip)
	r.checkScan()

	// Half of a chain does not tell who has a name.
	r.names.net = &node.NetView{Sync: netsync.Progress{Initial: true, Peers: 1}}
	const fetching = "The chain of the network is still being fetched: who has a name is not known before it is here"
	w.fails(rpc.CodeInitialSync, fetching, "resolvename", "alice")
	w.fails(rpc.CodeInitialSync, fetching, "registername", "bob")
	w.must(nil, "getdirectory")
	r.names.net.Sync.Initial = false
	w.must(nil, "resolvename", "alice")
}

// TestAttachedName: where a wallet is, is shown while its address has the name.
func TestAttachedName(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	r.fund("default", 5)
	w.must(nil, "registername", "alice")
	r.generate(2, nobody)
	var found struct {
		Script string `json:"scriptPubKey"`
		NodeID uint32 `json:"node_id"`
	}
	w.must(&found, "resolvename", "alice")
	script, err := hex.DecodeString(found.Script)
	if err != nil {
		t.Fatal(err)
	}
	network := chaintest.Params(maturity).NetworkID
	a := protocol.Wallet{Name: "alice", Script: script, Seq: 1, NodeID: 8003}
	err = r.wallets.Use(t.Context(), "default", true, func(open *wallet.Wallet) error { return open.SignAttachment(network, &a) })
	known := directory.NewAttachments(network)
	if err == nil {
		err = known.Add(r.host.Now().UnixNano(), a, script)
	}
	if err != nil {
		t.Fatal(err)
	}
	shown := func(want uint32) {
		t.Helper()
		var all struct {
			Names []struct {
				NodeID uint32 `json:"node_id"`
			}
		}
		found.NodeID = 0
		w.must(&found, "resolvename", "alice")
		if w.must(&all, "getdirectory"); found.NodeID != want || all.Names[0].NodeID != want {
			t.Errorf("%d, %d, want %d", found.NodeID, all.Names[0].NodeID, want)
		}
	}
	shown(0)
	r.names.net = &node.NetView{Attached: known.Now()}
	shown(8003)
	w.must(nil, "movename", "alice", nobody)
	shown(8003)
	r.generate(1, nobody)
	shown(0)
}

// A name whose number cannot grow stays where it is.
func TestLastNumber(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	r.fund("default", 1)
	err := r.wallets.Use(t.Context(), "default", true, func(open *wallet.Wallet) error {
		a, err := open.NewAddress(r.wallets.AddressType(), "")
		if err != nil {
			return err
		}
		v, release := r.host.Acquire()
		defer release()
		c := directory.Claim{Name: "end", Seq: math.MaxUint32, Script: a.Script()}
		if err = open.SignClaim(v.Params.NetworkID, &c, c.Script); err == nil {
			r.names.carried = []directory.Claim{c}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.must(nil, "send", []object{{"data": fmt.Sprintf("%x", r.names.carried[0].OutputScript()[3:])}}, nil, nil, 2)
	r.names.carried = nil
	r.generate(1, nobody)
	w.fails(rpc.CodeWallet, `The name "end" was moved with the highest number that there is and stays where it is`, "movename", "end")
}

// A wallet without coins, in a node that mines, needs none.
func TestCarried(t *testing.T) {
	r := newRig(t)
	r.names.mining = true
	w := r.on("default")
	var claim nameAnswer
	if w.must(&claim, "registername", "alice"); !claim.Mining || claim.Txid != "" || claim.Fee != nil {
		t.Errorf("%+v", claim)
	}
	var all struct{ Names, Pending []nameAnswer }
	if w.must(&all, "getdirectory"); len(all.Names) != 0 || len(all.Pending) != 1 || all.Pending[0].Address != claim.Address || all.Pending[0].Txid != "" {
		t.Errorf("%+v", all)
	}
	w.fails(rpc.CodeWallet, `A claim of the name "alice" for this wallet waits for a block already`, "registername", "alice")
	r.names.full = fmt.Errorf("no room")
	w.fails(rpc.CodeWallet, "no room", "registername", "bob")
	r.names.full = nil
	// What failed leaves one labelled address, which the next claim takes.
	w.must(nil, "registername", "bob")
	var labelled map[string]any
	if w.must(&labelled, "getaddressesbylabel", "bob"); len(labelled) != 1 {
		t.Error(labelled)
	}
}

// Pages of names.
func TestGetDirectory(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	r.fund("default", 5)
	for _, name := range []string{"c", "a", "b-2", "b"} {
		w.must(nil, "registername", name)
	}
	var all struct {
		Height, Total  int
		Names, Pending []nameAnswer
	}
	list := func(names []nameAnswer) (text string) {
		for _, n := range names {
			text += n.Name + " "
		}
		return text
	}
	if w.must(&all, "getdirectory"); list(all.Pending) != "a b b-2 c " || all.Total != 0 {
		t.Errorf("%+v", all)
	}
	r.generate(1, nobody)
	if w.must(&all, "getdirectory"); list(all.Names) != "a b b-2 c " || len(all.Pending) != 0 || all.Total != 4 {
		t.Errorf("%+v", all)
	}
	if w.must(&all, "getdirectory", 2, "b-"); list(all.Names) != "b-2 c " {
		t.Errorf("%+v", all)
	}
	if w.must(&all, "getdirectory", 0); len(all.Names) != 0 || all.Total != 4 {
		t.Errorf("%+v", all)
	}
	w.fails(rpc.CodeParameter, "count cannot be negative", "getdirectory", -1)
}
