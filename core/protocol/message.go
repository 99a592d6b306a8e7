// Package protocol is what peers say to each other: the messages, their JSON
// form, and the limits that both sides keep.
package protocol

import (
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// Version is the protocol that this program speaks.
const Version = 1

// PeerID names one connection for as long as a node runs; none is used twice.
type PeerID uint64

// Kinds of peers.
const (
	KindNode    = "node"
	KindWallet  = "wallet"
	KindTracker = "tracker"
)

// Request is what one peer asks another: it has exactly one answer, a Response
// or an *Error.
type Request interface{ Method() string }

// Response answers a Request.
type Response interface{ response() }

// Notice is what a peer tells without wanting an answer.
type Notice interface {
	Method() string
	notice()
}

// Hello opens a connection, in both directions: the dialling side sends its
// own as a request, the other answers with its own. Height and Work are hints
// for display and for whom to ask first, never a reason to switch or to wait.
type Hello struct {
	Protocol  int
	NetworkID chainhash.Hash
	Agent     string
	Nonce     uint64 // random, of this run of the node: a node that meets its own knows itself
	Kind      string
	ID        uint32 // 0: none yet
	Listen    string // HOST:PORT where it takes peers, "": nowhere (yet)
	Height    int32
	Work      uint256.Int
	Tip       chainhash.Hash
	Schedule  chainhash.Hash // hash of the policy schedule up to Tip
	Time      int64          // seconds since 1970
}

type (
	// Assign asks for an ID and a port, as a child of the peer. A full peer
	// answers with ErrFull, which names its children instead.
	Assign struct {
		Kind       string
		WantedPort uint16 // 0: any
		Lease      Lease  // of an earlier assignment, here or elsewhere; zero: none
	}
	// Assigned is the answer.
	Assigned struct {
		Lease Lease
		Base  uint32 // the ID of the network's first node
	}
	// Register tells where a child listens in the end.
	Register struct {
		Listen string // HOST:PORT
	}
	// Registered is the answer.
	Registered struct{}
	// GetPeers asks for other members.
	GetPeers struct{}
	// Peers is the answer: at most MaxSample members.
	Peers struct{ Peers []Member }
)

// Lease is the right to an ID and a port.
type Lease struct {
	ID    uint32
	Port  uint16
	Token string // hex, known to both sides only; "" when there is no lease
}

// Member is a node as others know it.
type Member struct {
	ID      uint32
	Address string // HOST:PORT
	Kind    string
}

type (
	// GetHeaders asks for the headers of the peer's best chain after the first
	// hash of Locator that is on it, up to Stop (zero: as many as fit).
	GetHeaders struct {
		Locator []chainhash.Hash // newest first
		Stop    chainhash.Hash
	}
	// Headers is the answer, oldest first.
	Headers struct{ Headers []consensus.Header }
	// GetBlocks asks for bodies.
	GetBlocks struct{ Hashes []chainhash.Hash }
	// Blocks is the answer: those that the peer has, in the order asked for, as
	// many as fit into MaxBlockBytes but at least one.
	Blocks struct{ Blocks []*consensus.Block }
	// GetTxs asks for transactions of the mempool, by txid.
	GetTxs struct{ Txids []chainhash.Hash }
	// Txs is the answer: those that the peer has.
	Txs struct{ Txs []*consensus.Tx }
	// GetBlockTxs asks for transactions of a block by their indexes, which rise.
	GetBlockTxs struct {
		Hash    chainhash.Hash
		Indexes []uint32
	}
	// BlockTxs is the answer, in the order asked for.
	BlockTxs struct {
		Hash chainhash.Hash
		Txs  []*consensus.Tx
	}
	// GetParams asks for the parameters of the peer's chain. It and GetPolicy may
	// come before Hello: a joiner with an empty folder has no network to name.
	GetParams struct{}
	// Params is the answer: the bytes of chain.json.
	Params struct{ ChainFile []byte }
	// GetPolicy asks for an archived policy.
	GetPolicy struct{ ID chainhash.Hash }
	// Policy is the answer: the canonical manifest and its scripts.
	Policy struct {
		Manifest []byte
		Scripts  []Script
	}
	// Ping asks for its nonce back.
	Ping struct{ Nonce uint64 }
	// Pong is the answer.
	Pong struct{ Nonce uint64 }
)

// Script is a policy's source text, named as people know it.
type Script struct {
	Hook string
	File string
	Text []byte
}

type (
	// Announce tells of what is new. All fields are optional.
	Announce struct {
		Headers []consensus.Header // of new tips, oldest first, linked
		Txids   []chainhash.Hash
		Peers   []Member
		Wallets []Wallet
		Records [][]byte // signed policy upgrades
	}
	// Compact tells of a new tip by the short ids of its transactions (after
	// BIP152). An id is the low IDBytes bytes of a salted hash of the wtxid.
	Compact struct {
		Header    consensus.Header
		Nonce     uint64
		IDBytes   int
		ShortIDs  []uint64 // of all transactions that are not prefilled, in order
		Prefilled []PrefilledTx
	}
)

// PrefilledTx is a transaction that the sender believes is not known.
type PrefilledTx struct {
	Index uint32
	Tx    *consensus.Tx
}

// Wallet says which address a name is paid to, and to which node its wallet is
// attached; signed by the address.
type Wallet struct {
	Name      string
	Script    []byte // output script of the address
	Seq       uint32
	NodeID    uint32
	Signature []byte
}

// Code tells why a request was refused.
type Code int

// The codes of Error. JSON-RPC's own stand beside them.
const (
	CodeWrongNetwork Code = 1
	CodeRefused      Code = 2 // by the admission policy
	CodeFull         Code = 3 // no ID to give: try Referral
	CodeNotMember    Code = 4 // say Hello first
	CodeBusy         Code = 5 // later
	CodeNotFound     Code = 6
	CodeBanned       Code = 7
	CodeSelf         Code = 8 // a node met itself
	CodeDuplicate    Code = 9 // the two are connected already
	CodeInvalid      Code = -32602
)

// Error answers a request that was refused.
type Error struct {
	Code     Code
	Message  string   // one sentence
	Referral []Member // with CodeFull: whom to try instead
}

func (e *Error) Error() string { return e.Message }
