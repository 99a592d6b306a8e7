package consensus

import (
	"errors"
	"strings"
	"testing"
)

// badNonce is the first that gives no proof of work for regtest's genesis.
const badNonce = 7

// TestRegtestGenesis builds Bitcoin Core's regtest genesis block.
func TestRegtestGenesis(t *testing.T) {
	p, err := regtestFile().Params()
	if err != nil {
		t.Fatal(err)
	}
	g := p.Genesis
	if got := g.Hash().String(); got != "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206" {
		t.Errorf("hash %s", got)
	}
	if got := g.Header.MerkleRoot.String(); got != "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b" {
		t.Errorf("merkle root %s", got)
	}
	if g.Header.Nonce != 2 || g.Header.Time != 1296688602 || g.Header.Bits != 0x207fffff || g.Header.Version != 1 {
		t.Errorf("header %+v", g.Header)
	}
	if len(g.Txs) != 1 || !g.Txs[0].IsCoinbase() || g.Size() != 285 {
		t.Errorf("%d transactions, %d bytes", len(g.Txs), g.Size())
	}
}

// TestMainGenesis shows that nothing of regtest is built in: the same message
// and script with other values give Bitcoin's own block 0.
func TestMainGenesis(t *testing.T) {
	f := regtestFile()
	f.Genesis.Time, f.Genesis.Bits, f.Genesis.Nonce = 1231006505, 0x1d00ffff, 2083236893
	p, err := f.Params()
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Genesis.Hash().String(); got != "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f" {
		t.Errorf("hash %s", got)
	}
}

func TestMineGenesis(t *testing.T) {
	f := regtestFile()
	mined, err := MineGenesis(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if mined != f { // nonce 2 is good already
		t.Errorf("mined %+v", mined.Genesis)
	}
	f.Genesis.Nonce = badNonce
	if mined, err = MineGenesis(f, nil); err != nil || mined.Genesis.Nonce <= badNonce {
		t.Errorf("from nonce %d: %d, %v", badNonce, mined.Genesis.Nonce, err)
	}

	f.Genesis.Bits = 0x1f00ffff // 65,537 hashes
	if mined, err = MineGenesis(f, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := mined.Params(); err != nil {
		t.Error(err)
	}

	f.Genesis.Bits = 0x1d00ffff
	var fault Fault
	if _, err = MineGenesis(f, nil); !errors.As(err, &fault) || fault.Member != "genesis.bits" {
		t.Errorf("a target that takes minutes: %v", err)
	}
	f.Genesis.Bits = 0
	if _, err = MineGenesis(f, nil); !errors.As(err, &fault) || fault.Member != "genesis.bits" {
		t.Errorf("no target: %v", err)
	}
}

// TestMineGenesisMovesTime gives so few nonces that the time must move.
func TestMineGenesisMovesTime(t *testing.T) {
	f := regtestFile()
	f.Genesis.Bits = 0x1f7fffff // 512 hashes
	mined, err := mineGenesis(f, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	if mined.Genesis.Nonce > 3 || mined.Genesis.Time <= f.Genesis.Time {
		t.Errorf("nonce %d, time %d", mined.Genesis.Nonce, mined.Genesis.Time)
	}
	if _, err := mined.Params(); err != nil {
		t.Error(err)
	}
	f.Genesis.Time = 1<<32 - 1
	f.Genesis.Bits = 0x1c7fffff
	if _, err := mineGenesis(f, 3, nil); err == nil {
		t.Error("found a block at the end of time")
	}
}

// TestGenesisMessageLengths checks both forms of push against the coinbase
// limit of 100 bytes.
func TestGenesisMessageLengths(t *testing.T) {
	for n, want := range map[int]int{1: 9, 75: 83, 76: 85, maxGenesisMessage: 100} {
		f := regtestFile()
		f.Genesis.Message = strings.Repeat("\x01", n)
		script := f.genesisBlock().Txs[0].Msg.TxIn[0].SignatureScript
		if len(script) != want {
			t.Errorf("message of %d bytes: script of %d, want %d", n, len(script), want)
		}
	}
}

// TestMineGenesisStops: a search that nobody wants any more ends.
func TestMineGenesisStops(t *testing.T) {
	f := regtestFile()
	f.Genesis.Bits = 0x1d100000 // 2^28 hashes, were it not for stop
	asked := 0
	_, err := MineGenesis(f, func() bool { asked++; return asked == 3 })
	if !errors.Is(err, ErrStopped) || asked != 3 {
		t.Errorf("asked %d times, got %v", asked, err)
	}
}
