package peers

import (
	"errors"
	"time"

	"orrery/core/protocol"
)

// Config says what the transport allows itself. DefaultConfig has every value.
type Config struct {
	// MaxConns bounds the connections, in both directions together. Fewer are
	// used when the process may not have three times as many descriptors.
	MaxConns int
	// CertFile and KeyFile (PEM) turn TLS on, for listening and for dialling:
	// see README.md. Both are empty, or neither.
	CertFile, KeyFile string

	DialTime  time.Duration // until a connection is open, handshake included
	HelloTime time.Duration // until the first message, and for a handshake from outside
	IdleTime  time.Duration // without a message
	WriteTime time.Duration // in which a piece of a message must be taken
	CloseTime time.Duration // for the last messages and the reason of a close
	CallTime  time.Duration // for the answer to a request
}

// DefaultConfig is what a node uses.
func DefaultConfig() Config {
	return Config{
		MaxConns:  125, // Core: DEFAULT_MAX_PEER_CONNECTIONS
		DialTime:  10 * time.Second,
		HelloTime: protocol.HelloTime,
		IdleTime:  protocol.IdleTime,
		WriteTime: 20 * time.Second,
		CloseTime: 2 * time.Second,
		CallTime:  protocol.AnswerTime,
	}
}

const (
	// maxHandlers is how many requests of one peer are answered from the view at
	// once; above it they are told that the node is busy.
	maxHandlers = 16
	// maxUnwritten is how many of those answers of one peer may exist at once:
	// made, or waiting for the peer to read. Each may have MaxFrame bytes.
	maxUnwritten = 2
	// maxAllUnwritten is the same for all peers together.
	maxAllUnwritten = 16
	// maxQueued and maxQueuedBytes bound what a peer has not read yet of
	// everything else. One that lets it come to this is cut.
	maxQueued      = 2000
	maxQueuedBytes = 8 << 20
	// maxHalfOpen bounds connections from outside whose hello was not answered
	// yet. One more takes the place of the oldest.
	maxHalfOpen = 64
	// ownShare is the part of all connections that is kept for those that the
	// node opens, and ownConns is the most that it needs: its links, those that a
	// person wants, and looks.
	ownShare, ownConns = 4, 32
	// newShare is the part of those from outside that no member gets.
	newShare = 4
	// maxDials bounds the connections that are being opened.
	maxDials = 64
	// maxLargeReads bounds how many messages above MaxUnasked are read at once.
	maxLargeReads = 4
	// maxUnsaved bounds the records that wait for the disk.
	maxUnsaved = 50_000
	// heavyMessage is a message, in bytes, that takes long enough to be taken
	// apart that others must not wait for many of them.
	heavyMessage = 64 << 10
	// maxHeaderBytes bounds the HTTP request that opens a connection, and its
	// answer.
	maxHeaderBytes = 8 << 10
	// pieceSize is what must be written within WriteTime.
	pieceSize = 64 << 10
	// pieceTime is what each further piece of a message may take to come in, so
	// that a message cannot be dripped for hours; the first has IdleTime.
	pieceTime = time.Second
	// keptBuffer is the largest buffer that a silent connection keeps.
	keptBuffer = 16 << 10
	// descriptorShare is the part of the process's file descriptors that
	// connections to peers may take: the store, RPC and files need some.
	descriptorShare = 3
)

func (c *Config) check() error {
	switch {
	case c.MaxConns < 1:
		return errors.New("a transport for peers needs MaxConns of 1 or more")
	case (c.CertFile == "") != (c.KeyFile == ""):
		return errors.New("TLS between peers needs a certificate file and a key file: set both or neither")
	}
	return nil
}
