package protocol

import "time"

// What both sides keep. A peer that goes beyond a limit commits a fault.
const (
	// MaxFrame bounds one message: MaxBlockBytes in base64, and room around it.
	MaxFrame = 8 << 20
	// MaxBlockBytes bounds the bodies in one Blocks.
	MaxBlockBytes = 4 << 20
	MaxBlocks     = 16   // hashes in a GetBlocks
	MaxHeaders    = 2000 // in a Headers
	MaxLocator    = 101  // hashes in a GetHeaders (Core: MAX_LOCATOR_SZ)
	MaxTxids      = 5000 // in an Announce
	MaxGetTxs     = 1000 // in a GetTxs
	MaxAddresses  = 1000 // members in one message
	MaxSample     = 10   // members in a Peers
	MaxWallets    = 100  // in an Announce
	MaxRecords    = 10   // in an Announce
	MaxAnnounced  = 8    // headers in an Announce; more are asked for
	MaxAsked      = 100  // requests of one side that wait for an answer
	MaxAgent      = 64   // bytes
	MaxAddress    = 255  // bytes of HOST:PORT
	MaxKind       = 16   // bytes
	MaxToken      = 128  // bytes of a lease's token
	MaxName       = 64   // bytes of a wallet's or a hook's name
	MaxFile       = 255  // bytes of a script's file name
	MaxMessage    = 1000 // bytes of an error's text
	// MaxBlockTxs is more transactions than a valid block can hold: each takes
	// 60 bytes, that is 240 of 4,000,000 units of weight.
	MaxBlockTxs = 17_000
	// MaxWalletScript is more than any address's output script.
	MaxWalletScript = 100
	// MaxSignature is more than any signature of an address, in bytes.
	MaxSignature = 200
	// MaxRecordBytes bounds a signed policy upgrade; abi 1 has 109 bytes.
	MaxRecordBytes = 256
	// MaxPolicyFile bounds chain.json, a policy's manifest and each of its
	// scripts in bytes, as those who read them do.
	MaxPolicyFile = 64 << 10
	// MaxScripts in a Policy; abi 1 has two.
	MaxScripts = 8
	// MaxUnasked bounds a message that is no answer: a peer to which nothing was
	// asked cannot make a node hold more.
	MaxUnasked = 512 << 10

	// HelloTime is how long a connection may be silent before its Hello.
	HelloTime = 60 * time.Second
	// AnswerTime is how long a request may wait for its answer.
	AnswerTime = 60 * time.Second
	// IdleTime is how long a connection may say nothing: ping more often.
	IdleTime = 3 * time.Minute
)
