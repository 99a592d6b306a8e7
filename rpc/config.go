package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"orrery/core/mempool"
)

// Config says where the server listens, who may call it, and what bounds it.
type Config struct {
	// Listener is used if it is set; the server closes it.
	Listener net.Listener
	// Listen are addresses host:port; the first that is free is used.
	Listen []string
	// User and Password open everything; both empty: only the cookie does.
	User, Password string
	// CookieFile is written at each start and removed at the end; "" for none.
	CookieFile string
	// Hosts are names that a request's Host may have beside localhost and any
	// IP address. Other names are refused, for a web page can point a name of
	// its own at 127.0.0.1 (DNS rebinding).
	Hosts []string

	MaxBody     int           // bytes of a request's body
	MaxHeader   int           // bytes of a request's line and headers
	MaxBatch    int           // requests in one batch
	MaxAnswer   int           // bytes that a batch's answers may reach together
	MaxConns    int           // connections open at a time
	Workers     int           // calls running at a time
	LargeBodies int           // bodies above 64 KiB held in memory at a time
	HeaderTime  time.Duration // to send the headers
	ReadTime    time.Duration // to send a whole request
	WriteTime   time.Duration // to take each MiB of an answer
	IdleTime    time.Duration // between two requests on a connection
	QueueTime   time.Duration // that a call waits for a worker before 503
	FailTime    time.Duration // that a wrong password costs
	StopTime    time.Duration // that calls get to finish when the server stops
}

// DefaultConfig is the configuration without addresses and secrets.
func DefaultConfig() Config {
	return Config{
		MaxBody:     32 << 20, // a block of 4 MB in hexadecimal, with room (Core: MAX_SIZE)
		MaxHeader:   8 << 10,  // Core: MAX_HEADERS_SIZE
		MaxBatch:    1000,
		MaxAnswer:   128 << 20,
		MaxConns:    1024,
		Workers:     64, // some of them may be held by calls that wait for a block
		LargeBodies: 8,  // × MaxBody bounds the memory
		HeaderTime:  10 * time.Second,
		ReadTime:    30 * time.Second, // Core: -rpcservertimeout
		WriteTime:   30 * time.Second,
		IdleTime:    30 * time.Second,
		QueueTime:   time.Second,
		FailTime:    250 * time.Millisecond, // Core: HTTPReq_JSONRPC
		StopTime:    4 * time.Second,        // a node ends within 10 s
	}
}

func (c *Config) check() error {
	for name, n := range map[string]int{
		"MaxBody": c.MaxBody, "MaxHeader": c.MaxHeader, "MaxBatch": c.MaxBatch, "MaxAnswer": c.MaxAnswer,
		"MaxConns": c.MaxConns, "Workers": c.Workers, "LargeBodies": c.LargeBodies,
		"HeaderTime": int(c.HeaderTime), "ReadTime": int(c.ReadTime), "WriteTime": int(c.WriteTime),
		"IdleTime": int(c.IdleTime), "QueueTime": int(c.QueueTime), "FailTime": int(c.FailTime), "StopTime": int(c.StopTime),
	} {
		if n <= 0 {
			return fmt.Errorf("rpc configuration: %s is %d; start from DefaultConfig", name, n)
		}
	}
	if c.Listener == nil && len(c.Listen) == 0 {
		return fmt.Errorf("rpc configuration: no address to listen on")
	}
	if (c.User == "") != (c.Password == "") {
		return fmt.Errorf("rpc.user and rpc.password go together: set both, or neither and use the cookie file")
	}
	return nil
}

// Deps is what the methods work with. Each area declares the interface that
// it needs in its own file.
type Deps struct {
	Node Node // nil only where no node method is called (tests of the front)
	// Limits are the mempool's; the zero value stands for the defaults.
	Limits mempool.Config
	// Miner mines on the node's own processors; nil: this node has none.
	Miner Miner
	// Addresses finds what an address received; nil: there is no index.
	Addresses AddressIndex
	// Names are the names that are claimed on the chain; nil: nobody keeps them.
	Names Directory
	// Payout is the output script that the node's own blocks pay; nil: none.
	Payout func(context.Context) ([]byte, error)
	// Wallets are the wallets inside the node; nil: it opens none.
	Wallets Wallets
	// Network is what people do with the peers; nil: there is no network.
	Network Network
	// DiskSize is the size of the chain's files in bytes; nil: it is estimated.
	DiskSize func() int64

	Log *slog.Logger // nil: nothing is logged
	// Now is the clock of uptime; nil: time.Now.
	Now func() time.Time
	// Stop asks the node to end and returns at once. It is called after the
	// answer to "stop" has been sent.
	Stop func()
	// Warmup returns what the node is doing before it can answer (-28), ""
	// when it can. nil: it always can.
	Warmup func() string
	// Version of the program, as in "0.1.0"; LogPath is its log file or "".
	Version, LogPath string
}

func (d Deps) withDefaults() Deps {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Limits == (mempool.Config{}) {
		d.Limits = mempool.DefaultConfig()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Stop == nil {
		d.Stop = func() {}
	}
	if d.Warmup == nil {
		d.Warmup = func() string { return "" }
	}
	return d
}
