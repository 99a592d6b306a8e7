package policy

import (
	"errors"
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

// fixedRules answers what it holds.
type fixedRules struct {
	target  uint256.Int
	subsidy int64
	err     error
}

func (r fixedRules) ID() chainhash.Hash                    { return chainhash.Hash{} }
func (r fixedRules) Target(Ancestors) (uint256.Int, error) { return r.target, r.err }
func (r fixedRules) Subsidy(Reward) (int64, error)         { return r.subsidy, r.err }

// parent is a chain of one block.
type parent struct{ bits uint32 }

func (p parent) Height() int32                      { return 0 }
func (p parent) Since() int32                       { return 1 }
func (p parent) Time(int32) int64                   { return 0 }
func (p parent) Bits(int32) uint32                  { return p.bits }
func (p parent) MedianTime(int32) int64             { return 0 }
func (p parent) Times(_, _ int32, _ []int64)        {}
func (p parent) BitsRange(_, _ int32, dst []uint32) { dst[0] = p.bits }

var (
	errScript = &ScriptError{Hook: Difficulty, File: "difficulty.lua", Line: 3, Reason: ReasonError, Msg: "broken"}
	errNode   = errors.New("node at fault")
)

func TestNextTarget(t *testing.T) {
	limit := uint256.MustFromHex("0xffff0000000000000000000000000000000000000000000000000000")
	tests := []struct {
		name   string
		rules  fixedRules
		bits   uint32
		script bool
		err    error
	}{
		{"as it is", fixedRules{target: *uint256.MustFromHex("0x7fff00")}, 0x037fff00, false, nil},
		{"rounded down", fixedRules{target: *uint256.MustFromHex("0x123456ff")}, 0x04123456, false, nil},
		{"zero becomes one", fixedRules{}, 0x01010000, false, nil},
		{"at the limit", fixedRules{target: *limit}, 0x1d00ffff, false, nil},
		{"above the limit", fixedRules{target: *new(uint256.Int).SetAllOne()}, 0x1d00ffff, false, nil},
		{"script failed", fixedRules{target: *limit, err: fmt.Errorf("wrapped: %w", errScript)}, 0x1b012345, true, nil},
		{"node failed", fixedRules{target: *limit, err: errNode}, 0, false, errNode},
	}
	for _, tt := range tests {
		bits, scriptErr, err := NextTarget(tt.rules, parent{0x1b012345}, limit)
		if bits != tt.bits || (scriptErr != nil) != tt.script || !errors.Is(err, tt.err) {
			t.Errorf("%s: %08x, %v, %v", tt.name, bits, scriptErr, err)
		}
		if tt.script && scriptErr != errScript {
			t.Errorf("%s: another script error", tt.name)
		}
	}
	if limit.Hex() != "0xffff0000000000000000000000000000000000000000000000000000" {
		t.Error("the limit was changed")
	}
}

func TestNextSubsidy(t *testing.T) {
	const money = 1000
	tests := []struct {
		name   string
		rules  fixedRules
		issued int64
		sat    int64
		script bool
		bad    bool
	}{
		{"as it is", fixedRules{subsidy: 50}, 0, 50, false, false},
		{"capped", fixedRules{subsidy: 50}, 980, 20, false, false},
		{"all issued", fixedRules{subsidy: 50}, money, 0, false, false},
		{"more than all issued", fixedRules{subsidy: 50}, money + 1, 0, false, false},
		{"script failed", fixedRules{subsidy: 50, err: errScript}, 0, 0, true, false},
		{"node failed", fixedRules{subsidy: 50, err: errNode}, 0, 0, false, true},
		{"negative", fixedRules{subsidy: -1}, 0, 0, false, true},
	}
	for _, tt := range tests {
		sat, scriptErr, err := NextSubsidy(tt.rules, Reward{Height: 1, Issued: tt.issued}, money)
		if sat != tt.sat || (scriptErr != nil) != tt.script || (err != nil) != tt.bad {
			t.Errorf("%s: %d, %v, %v", tt.name, sat, scriptErr, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	var d Defaults
	if ok, reason := d.Admit(Peer{}); !ok || reason != "" {
		t.Errorf("admission: %v %q", ok, reason)
	}
	for kind, want := range map[string]int64{"consensus": 86400, "work": 86400, "size": 86400, "protocol": 86400, "": 0, "late": 0} {
		if got := d.Punish(Peer{}, Fault{Kind: kind}); got != want {
			t.Errorf("fault %q: %d s, want %d", kind, got, want)
		}
	}
}

func TestDefaultAssign(t *testing.T) {
	children := func(ids ...uint32) []Child {
		var c []Child
		for _, id := range ids {
			c = append(c, Child{ID: id, Kind: "node"})
		}
		return c
	}
	tests := []struct {
		name     string
		self     uint32
		capacity int
		children []Child
		wanted   uint16
		id       uint32
		port     uint16
		err      string
	}{
		{"first of the root", 8000, 3, nil, 0, 8001, 8001, ""},
		{"last of the root", 8000, 3, children(8001, 8002), 0, 8003, 8003, ""},
		{"a gap is used again", 8000, 3, children(8001, 8003), 0, 8002, 8002, ""},
		{"full", 8000, 3, children(8001, 8002, 8003), 0, 0, 0, "capacity 3 reached"},
		{"full of others", 8000, 3, children(9001, 9002, 9003), 0, 0, 0, "capacity 3 reached"},
		{"first of a child", 8001, 3, nil, 0, 8004, 8004, ""},
		{"last of a child", 8001, 3, children(8004, 8005), 0, 8006, 8006, ""},
		{"second child", 8002, 3, nil, 0, 8007, 8007, ""},
		{"wanted port", 8000, 3, nil, 18444, 8001, 18444, ""},
		{"no capacity", 8000, 0, nil, 0, 0, 0, "capacity 0 reached"},
		{"below the base", 7, 3, nil, 0, 0, 0, "own ID 7 is not one of the network's: its first is 8000"},
		{"no such port", 60000, 3, nil, 0, 164001, 0, ""},
		{"no such port, but a wish", 60000, 3, nil, 9000, 164001, 9000, ""},
		{"among the wallets", 400_000_000, 3, nil, 0, 0, 0, "ID 1199984001 would be above 999999999, the highest: join nearer to the root"},
		{"no overflow", 999_999_999, 1 << 30, nil, 0, 0, 0, "ID 1073733232991674177 would be above 999999999, the highest: join nearer to the root"},
		{"a wallet's own ID", WalletBase, 3, nil, 0, 0, 0, "own ID 1000000000 is not one of the network's: its first is 8000"},
	}
	for _, tt := range tests {
		id, port, err := Defaults{}.Assign(Request{Kind: "node", Self: Child{ID: tt.self}, Capacity: tt.capacity, Children: tt.children, WantedPort: tt.wanted})
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if id != tt.id || port != tt.port || msg != tt.err {
			t.Errorf("%s: %d %d %q, want %d %d %q", tt.name, id, port, msg, tt.id, tt.port, tt.err)
		}
	}
}

// The node that gives IDs may know more than its children.
func TestDefaultAssignKnowing(t *testing.T) {
	r := Request{Kind: "node", Self: Child{ID: 9001}, Base: 9000, Capacity: 3, Taken: []uint32{5, 9004, 9006, 9999},
		Children: []Child{{ID: WalletBase + 4, Kind: "wallet"}}}
	if id, port, err := (Defaults{}).Assign(r); id != 9005 || port != 9005 || err != nil {
		t.Errorf("a node: %d %d %v", id, port, err)
	}
	r.Taken = []uint32{9004, 9005, 9006}
	if _, _, err := (Defaults{}).Assign(r); err == nil || err.Error() != "the 3 IDs of this node are in use or rest" {
		t.Errorf("all taken: %v", err)
	}
	r.Kind, r.Capacity = "wallet", 8
	if id, port, err := (Defaults{}).Assign(r); id != WalletBase+9 || port != 0 || err != nil {
		t.Errorf("a wallet: %d %d %v", id, port, err)
	}
	if !r.IsTaken(9001) || !r.IsTaken(WalletBase+4) || !r.IsTaken(9006) || r.IsTaken(9007) {
		t.Error("IsTaken")
	}
}
