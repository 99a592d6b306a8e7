package lan

import (
	"context"
	"log/slog"
	"net"
	"time"
)

const (
	service = "_orrery._tcp"
	// browseTime is how long answers are waited for: they come at once or not at
	// all.
	browseTime = time.Second
	// maxFound bounds the addresses of one look: joining tries as many.
	maxFound = 16
	// maxAddresses bounds the addresses that one node is announced with.
	maxAddresses = 4
	// maxLook bounds the answers of one look that are waited for.
	maxLook = 256
)

// Config says what is looked for.
type Config struct {
	Network   string         // id of the network, hex
	Every     time.Duration  // between two looks
	Interface *net.Interface // nil: the system's choice
}

// DefaultConfig lacks the network.
func DefaultConfig() Config { return Config{Every: 30 * time.Second} }

// Deps are what the plugin needs of the node.
type Deps struct {
	// Self is the node's ID and where it listens (HOST:PORT); 0 and "" before.
	Self func() (id uint32, listen string)
	// Found takes the address of another node of the network. It may get the same
	// one at every look.
	Found func(ctx context.Context, address string) error
	Log   *slog.Logger
}
