package chain

import (
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Store keeps the chain. It is synchronous, and used by one goroutine except
// for what Snapshot returns. Every error is fatal for the host: the chain
// stops rather than go on with storage that it cannot trust.
//
// What Commit wrote is seen by every later call. After a crash a prefix of
// the commits is there, each whole or not at all; it reaches at least up to
// the last commit that was durable or followed by a Sync.
type Store interface {
	consensus.Coins
	// Entries yields what every block header has, by ascending Seq, so parents
	// come before children. It stops at the first error of yield.
	Entries(yield func(Entry) error) error
	// Block returns a body, or ErrNotFound.
	Block(seq uint64) (*consensus.Block, error)
	// Undo returns the coins that the block spent, in the order in which it
	// spent them, or ErrNotFound.
	Undo(seq uint64) ([]consensus.Coin, error)
	// TxPos finds a transaction that was in a connected block, or ErrNotFound.
	// After a reorg the block may be off the best chain.
	TxPos(txid chainhash.Hash) (TxPos, error)
	// Meta returns a copy of a small named value, or nil when there is none.
	Meta(key string) ([]byte, error)
	// MetaRange yields all names that begin with prefix, in byte order. The
	// value is valid during the call only.
	MetaRange(prefix string, yield func(key string, value []byte) error) error
	// Tip is the hash of the last commit that set one; the zero hash when none
	// did. The coins are those after that block.
	Tip() (chainhash.Hash, error)
	// Commit writes all of b or nothing. When durable, it returns after the
	// write has reached the disk.
	Commit(b *Batch, durable bool) error
	// Sync returns after all earlier commits have reached the disk.
	Sync() error
	// Snapshot is a consistent view for readers in any goroutine.
	Snapshot() (Snapshot, error)
}

// ErrNotFound says that a store has no such record.
var ErrNotFound = errors.New("not found")

// Snapshot is a read-only view of a Store at one moment, safe for concurrent
// use. Close releases it; using it afterwards is an error, not a crash.
type Snapshot interface {
	consensus.Coins
	Block(seq uint64) (*consensus.Block, error)
	Undo(seq uint64) ([]consensus.Coin, error)
	TxPos(txid chainhash.Hash) (TxPos, error)
	Meta(key string) ([]byte, error)
	MetaRange(prefix string, yield func(key string, value []byte) error) error
	// EachCoin yields every coin ordered by txid bytes (internal order), then
	// output index.
	EachCoin(yield func(wire.OutPoint, *consensus.Coin) error) error
	Close() error
}

// Status are the facts known of a block; they are stored.
type Status uint8

// The bits of Status.
const (
	HaveBody  Status = 1 << iota // the body is stored
	Connected                    // was connected once: all its rules hold, undo data is stored
	Failed                       // broke a rule
	Revoked                      // declared invalid by a person (invalidateblock)
)

// Entry is one header of the block tree. Seq numbers headers in the order in
// which they came and is never used twice; bodies and undo data are filed
// under it.
type Entry struct {
	Seq    uint64
	Header consensus.Header
	Status Status
	TxN    uint32 // transactions in the body, 0 until it is stored
	Size   uint32 // bytes of the body, 0 until it is stored
	Issued int64  // satoshi: subsidies allowed at heights 1 … this one; set when Connected
	Reason string // why it Failed: Core's reject word
}

// TxPos says where a transaction is: in the body filed under Seq, at Index.
type TxPos struct {
	Seq   uint64
	Index uint32
}

// Batch is one atomic change. Its slices are in a deterministic order, and no
// key occurs twice in one of them.
type Batch struct {
	Entries []Entry // new or changed, by Seq
	Bodies  []Body
	Undos   []Undo
	Coins   []consensus.CoinChange
	Txs     []TxRef
	Tip     *chainhash.Hash // nil: unchanged
	Meta    []KV
}

// Body is a block to be filed under Seq.
type Body struct {
	Seq   uint64
	Block *consensus.Block
}

// Undo is what a connected block spent.
type Undo struct {
	Seq   uint64
	Spent []consensus.Coin
}

// TxRef files a transaction's position.
type TxRef struct {
	Txid chainhash.Hash
	Pos  TxPos
}

// KV is a small named value; a nil Value deletes the name.
type KV struct {
	Key   string
	Value []byte
}

// Empty reports whether the batch changes nothing.
func (b *Batch) Empty() bool {
	return len(b.Entries)+len(b.Bodies)+len(b.Undos)+len(b.Coins)+len(b.Txs)+len(b.Meta) == 0 && b.Tip == nil
}
