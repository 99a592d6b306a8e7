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

	// HelloTime is how long a connection may be silent before its Hello.
	HelloTime = 60 * time.Second
	// AnswerTime is how long a request may wait for its answer.
	AnswerTime = 60 * time.Second
)
