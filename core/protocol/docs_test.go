package protocol

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

var update = flag.Bool("update", false, "write docs/protocol.md")

const docsFile = "../../docs/protocol.md"

// described is what the page says of one message.
type described struct {
	text   string // for people
	asks   Message
	answer Response // nil: a notice
}

func hashOf(first byte) (h chainhash.Hash) {
	for i := range h {
		h[i] = first + byte(i)
	}
	return h
}

// exampleTx pays one coin; exampleBlock holds it alone.
func exampleTx() *consensus.Tx {
	msg := wire.NewMsgTx(2)
	msg.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: hashOf(1), Index: 0}, nil, nil))
	msg.AddTxOut(wire.NewTxOut(100_000_000, append([]byte{0, 20}, make([]byte, 20)...)))
	return consensus.NewTx(msg)
}

func exampleBlock() *consensus.Block {
	tx := exampleTx()
	return consensus.NewBlock(consensus.Header{Version: 0x20000000, Prev: hashOf(2), MerkleRoot: tx.ID(), Time: 1_700_000_000, Bits: 0x207fffff, Nonce: 2}, []*consensus.Tx{tx})
}

// page lists all messages in the order in which a node meets them.
func page() []described {
	block, tx := exampleBlock(), exampleTx()
	mine := &Hello{Protocol: Version, NetworkID: hashOf(0x10), Agent: "orrery/1.0", Nonce: 0x0123456789abcdef, Kind: KindNode, ID: 8001,
		Listen: "127.0.0.1:8001", Height: 7, Work: *uint256.NewInt(16), Tip: block.Hash(), Schedule: hashOf(0x30), Time: 1_700_000_000}
	yours := &Hello{Protocol: Version, NetworkID: hashOf(0x10), Agent: "orrery/1.0", Nonce: 0xfedcba9876543210, Kind: KindNode, ID: 8000,
		Listen: "127.0.0.1:8000", Height: 9, Work: *uint256.NewInt(20), Tip: hashOf(0x50), Schedule: hashOf(0x30), Time: 1_700_000_001}
	lease := Lease{ID: 8001, Port: 8001, Token: "5f0c9a"}
	hashes := []chainhash.Hash{block.Hash()}
	return []described{
		{"The first message of whoever dialled, answered with the other's own. Two nodes talk only when `network_id` is equal. `nonce` is random for each run: " +
			"a node that meets its own has dialled itself. `id` and `listen` are left out by a node that has none yet. `height`, `work` and `tip` tell whom to ask first, never what to believe; " +
			"`time` is only for a warning about the clock. `schedule` is the SHA-256 of the policies up to `tip`, for each the height from which it counts (4 bytes, the lowest first) and its id: whoever has that block and another schedule says so and closes the connection, since one of the two has a fault. Any other message that comes before it is refused, but for `peer.params` and `peer.policy`.", mine, yours},
		{"A joiner asks for an ID and a port, as a child. `lease` presents an earlier one. `wanted_port` may be left out. A full node refuses with code 3, and names its children to try instead.",
			&Assign{Kind: KindNode, WantedPort: 8001, Lease: lease}, &Assigned{Lease: lease, Base: 8000}},
		{"A child says where it takes peers in the end.", &Register{Listen: "127.0.0.1:8001"}, &Registered{}},
		{"Asks for a sample of other members.", &GetPeers{}, &Peers{Peers: []Member{{8002, "127.0.0.1:8002", KindNode}}}},
		{"Asks for the headers of the peer's best chain that follow the first hash of `locator`, newest first, which is on it; up to `stop`, or as many as fit.",
			&GetHeaders{Locator: []chainhash.Hash{block.Header.Prev}, Stop: block.Hash()}, &Headers{Headers: []consensus.Header{block.Header}}},
		{"Asks for blocks. The answer has those that the peer has, in the order asked for: as many as fit, at least one.", &GetBlocks{Hashes: hashes}, &Blocks{Blocks: []*consensus.Block{block}}},
		{"Asks for transactions that no block holds yet. The answer has those that the peer has.", &GetTxs{Txids: []chainhash.Hash{tx.ID()}}, &Txs{Txs: []*consensus.Tx{tx}}},
		{"Asks for transactions of a block by their indexes, each once and in order, to fill in a `peer.compact`.", &GetBlockTxs{Hash: block.Hash(), Indexes: []uint32{0}}, &BlockTxs{Hash: block.Hash(), Txs: []*consensus.Tx{tx}}},
		{"Asks for the chain's parameters: the bytes of `chain.json`. It may come before `peer.hello`, for a joiner with an empty folder knows no network to name.", &GetParams{}, &Params{ChainFile: []byte("{\n}\n")}},
		{"Asks for an archived policy, also before `peer.hello`: its manifest and scripts, whose hashes make up `id`.", &GetPolicy{ID: hashOf(0x30)},
			&Policy{Manifest: []byte("{}"), Scripts: []Script{{"reward", "reward.lua", []byte("function reward() return 0 end\n")}}}},
		{"Asks for its nonce back.", &Ping{Nonce: 7}, &Pong{Nonce: 7}},
		{"Tells what is new: headers of a new tip (oldest first), transactions, members, wallets with their names and addresses (signed by the address), and signed changes of the policies. All are optional.",
			&Announce{Headers: []consensus.Header{block.Header}, Txids: []chainhash.Hash{tx.ID()}, Peers: []Member{{8002, "127.0.0.1:8002", KindNode}},
				Wallets: []Wallet{{"alice", append([]byte{0, 20}, make([]byte, 20)...), 1, 8001, []byte{1, 2, 3}}}, Records: [][]byte{[]byte("ORRY")}}, nil},
		{"Tells of a new tip by short ids of its transactions, after BIP152: most blocks then need no body. `short_ids` has `id_bytes` bytes for each transaction that is not prefilled, in order, the lowest byte first.",
			&Compact{Header: block.Header, Nonce: 9, IDBytes: 6, ShortIDs: []uint64{0x060504030201}, Prefilled: []PrefilledTx{{0, tx}}}, nil},
	}
}

// limits are the rows of the page's table.
func limits() [][2]string {
	n := func(what string, value int) [2]string { return [2]string{what, fmt.Sprint(value)} }
	return [][2]string{
		n("bytes of a message", MaxFrame), n("bytes of a message that is no answer", MaxUnasked),
		n("requests of one side that wait for an answer", MaxAsked), n("headers in an answer", MaxHeaders), n("hashes in a locator", MaxLocator),
		n("blocks asked for at once", MaxBlocks), n("bytes of the blocks in an answer", MaxBlockBytes), n("transactions asked for at once", MaxGetTxs),
		n("transactions of a block asked for, or named in a compact", MaxBlockTxs), n("headers in an announcement", MaxAnnounced),
		n("transactions in an announcement", MaxTxids), n("members in an announcement or a referral", MaxAddresses), n("members in a sample", MaxSample),
		n("wallets in an announcement", MaxWallets), n("changes of policies in an announcement", MaxRecords), n("bytes of one such change", MaxRecordBytes),
		n("bytes of chain.json, a manifest, a script", MaxPolicyFile), n("scripts of a policy", MaxScripts),
		n("bytes of an agent", MaxAgent), n("bytes of an address", MaxAddress), n("bytes of a lease's token", MaxToken), n("bytes of an error's text", MaxMessage),
		{"until the first message", HelloTime.String()}, {"for an answer", AnswerTime.String()}, {"without any message", IdleTime.String()},
	}
}

const docsHead = `# What peers say

This page is written from the program by ` + "`go test ./core/protocol -run TestDocs -update`" + `; do not edit it.

Peers speak JSON-RPC 2.0 in both directions over one WebSocket: ` + "`GET /peer`" + `, one message a text frame, never compressed. Either side
asks, and answers the other. Requests carry an id, a number up to 2^53 or a short string, and have exactly one answer; notices carry
none. Parameters are an object. Members that are not known are passed over, so that a later version may add some; the names are
matched exactly, and none may be there twice. There are no batches.

- Block hashes and txids are 64 hexadecimal digits as people see them, the last byte first. ` + "`network_id`, `schedule`" + ` and the id of a
  policy are SHA-256 in their own order. ` + "`nonce`" + ` has 16 digits and ` + "`work`" + ` 64, the highest first.
- Headers, transactions and blocks are base64 of Bitcoin's serialization, with witnesses; scripts and files are base64 too.
- A method that is not known is answered with -32601, a notice that is not known is passed over. None of the wallet's or the
  operator's methods exists here.

`

const docsTail = `## How a connection ends

| code | why |
|---|---|
| 1001 | the node stops |
| 1007 | what came was not a message of this protocol |
| 1008 | the node decided so; the reason tells: wrong network, banned, no place, a duplicate |
| 1009 | more than a limit allows |

Every close carries a reason in plain words. A peer that does not read what it is sent is cut without one. With
` + "`p2p.tls_cert` and `p2p.tls_key`" + ` connections are TLS 1.3 on the same port, and both ends show their certificates.
`

const codesTable = `## Refusals

| code | meaning |
|---|---|
`

func codes() string {
	var b strings.Builder
	for _, c := range []struct {
		code Code
		text string
	}{
		{CodeWrongNetwork, "the peer belongs to another network"}, {CodeRefused, "the admission policy refused the peer"},
		{CodeFull, "no ID to give: try those in `data.referral`"}, {CodeNotMember, "say `peer.hello` first"}, {CodeBusy, "busy: ask again later"},
		{CodeNotFound, "what was asked for is not known"}, {CodeBanned, "the peer is banned"}, {CodeSelf, "the node met itself"},
		{CodeDuplicate, "the two are connected already"}, {CodeInvalid, "the parameters make no sense"},
	} {
		fmt.Fprintf(&b, "| %d | %s |\n", c.code, c.text)
	}
	return b.String()
}

func write(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString(docsHead)
	var seen []string
	for i, d := range page() {
		id := fmt.Append(nil, i+1)
		fmt.Fprintf(&b, "## %s\n\n%s\n\n```json\n", d.asks.Method(), d.text)
		seen = append(seen, d.asks.Method())
		if d.answer == nil {
			fmt.Fprintf(&b, "%s\n", AppendNotice(nil, d.asks.(Notice)))
		} else {
			fmt.Fprintf(&b, "%s\n%s\n", AppendRequest(nil, uint64(i+1), d.asks.(Request)), AppendAnswer(nil, id, d.answer, nil))
		}
		b.WriteString("```\n\n")
	}
	if !reflect.DeepEqual(seen, Methods()) {
		t.Errorf("the page describes %v, there are %v", seen, Methods())
	}
	b.WriteString(codesTable + codes() + "\n```json\n")
	b.Write(AppendAnswer(nil, []byte("2"), nil, &Error{Code: CodeFull, Message: "no place here: try the others", Referral: []Member{{8002, "127.0.0.1:8002", KindNode}}}))
	b.WriteString("\n```\n\n## Limits\n\n| at most | |\n|---|---|\n")
	for _, row := range limits() {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
	}
	b.WriteString("\n" + docsTail)
	return b.Bytes()
}

// TestDocs compares the page with the program, and reads the page's examples.
func TestDocs(t *testing.T) {
	want := write(t)
	if *update {
		if err := os.WriteFile(docsFile, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/protocol.md does not say what the program does: go test ./core/protocol -run TestDocs -update")
	}
	method, read := "", 0
	for line := range strings.Lines(string(got)) {
		if !strings.HasPrefix(line, `{"jsonrpc"`) {
			continue
		}
		f := mustParse(t, []byte(line))
		read++
		switch {
		case f.Refusal != nil:
			_, err = DecodeRefusal(f.Refusal)
		case f.Method == "":
			_, err = DecodeResponse(method, f.Result)
		case IsNotice(f.Method):
			_, err = DecodeNotice(f.Method, f.Params)
		default:
			method = f.Method
			_, err = DecodeRequest(f.Method, f.Params)
		}
		if err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
	if want := 2*len(Methods()) - 2 + 1; read != want {
		t.Errorf("%d examples, want %d", read, want)
	}
}
