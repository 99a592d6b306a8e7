// Package config reads the settings of the program: one struct, filled from
// the defaults, a preset, a TOML file, the environment and flags, in this
// order. Every key is one field here; files, variables, flags and help all
// follow from the struct.
package config

import "time"

// Config is every setting. The tag koanf is the key, usage its help text.
type Config struct {
	Preset  string  `koanf:"preset" usage:"values below the file's: lab or regtest"`
	Node    Node    `koanf:"node"`
	Chain   Chain   `koanf:"chain"`
	Policy  Policy  `koanf:"policy"`
	Mining  Mining  `koanf:"mining"`
	RPC     RPC     `koanf:"rpc"`
	P2P     P2P     `koanf:"p2p"`
	Mempool Mempool `koanf:"mempool"`
	Wallet  Wallet  `koanf:"wallet"`
}

// Node is what this process keeps and says.
type Node struct {
	DataDir   string `koanf:"data_dir" usage:"folder of the chain, wallets and cookie"`
	LogLevel  string `koanf:"log_level" usage:"debug, info, warn or error"`
	LogFormat string `koanf:"log_format" usage:"text, json, or auto: lines for people at a terminal, else text"`
}

// Chain holds what a new chain is made with. A data folder that has a chain
// keeps its own values.
type Chain struct {
	Name          string    `koanf:"name" usage:"name of a new chain"`
	Spacing       int64     `koanf:"spacing" usage:"seconds wanted between blocks"`
	Maturity      int64     `koanf:"maturity" usage:"blocks until a coinbase output can be spent"`
	MaxWeight     int64     `koanf:"max_weight" usage:"weight units a block"`
	PowLimit      string    `koanf:"pow_limit" usage:"easiest target, 64 hex digits"`
	MaxFutureTime int64     `koanf:"max_future_time" usage:"seconds that a block's time may be ahead of the clock"`
	MinLead       int64     `koanf:"min_lead" usage:"blocks from a policy's announcement to its activation"`
	Genesis       Genesis   `koanf:"genesis"`
	Addresses     Addresses `koanf:"addresses"`
}

// Genesis is block 0 of a new chain.
type Genesis struct {
	Message string  `koanf:"message" usage:"text in the first coinbase, at most 91 bytes"`
	Time    int64   `koanf:"time" usage:"seconds since 1970, 0: when the chain is made"`
	Bits    Compact `koanf:"bits" usage:"compact target of the first block"`
	Nonce   int64   `koanf:"nonce" usage:"first nonce tried"`
	Reward  int64   `koanf:"reward" usage:"satoshi paid by the first block (never spendable)"`
	Script  string  `koanf:"script" usage:"output script of the first block, hex"`
}

// Addresses are the prefixes of a new chain's addresses and keys.
type Addresses struct {
	P2PKH int64  `koanf:"p2pkh" usage:"version byte of pay-to-pubkey-hash addresses"`
	P2SH  int64  `koanf:"p2sh" usage:"version byte of pay-to-script-hash addresses"`
	WIF   int64  `koanf:"wif" usage:"version byte of private keys"`
	HRP   string `koanf:"hrp" usage:"human-readable part of bech32 addresses"`
}

// Policy says which scripts a new chain is made with, and which this node asks
// about its peers.
type Policy struct {
	Dir        string       `koanf:"dir" usage:"folder of the scripts, empty: library scripts"`
	Difficulty string       `koanf:"difficulty" usage:"library script instead of DIR/difficulty.lua, such as lwma or asert"`
	Reward     string       `koanf:"reward" usage:"library script instead of DIR/reward.lua, such as halving or tail"`
	Admission  string       `koanf:"admission" usage:"library script instead of DIR/admission.lua, such as open or netgroup"`
	Assign     string       `koanf:"assign" usage:"library script instead of DIR/assign.lua, such as parent_range or random"`
	Params     PolicyParams `koanf:"params"`
}

// PolicyParams are the tables that the scripts read as params.
type PolicyParams struct {
	Difficulty Params `koanf:"difficulty" usage:"parameters of the difficulty script"`
	Reward     Params `koanf:"reward" usage:"parameters of the reward script"`
	Admission  Params `koanf:"admission" usage:"parameters of the admission script"`
	Assign     Params `koanf:"assign" usage:"parameters of the assign script"`
}

// Params holds int64, string and bool values only.
type Params map[string]any

// Mining is the miner inside the node, and what its templates take.
type Mining struct {
	Enabled     bool   `koanf:"enabled" usage:"mine from the start"`
	Threads     int64  `koanf:"threads" usage:"mining threads, 0: one a core"`
	MaxHashrate int64  `koanf:"max_hashrate" usage:"hashes a second over all threads, 0: no limit"`
	Address     string `koanf:"address" usage:"address that is paid, empty: a new one of the wallet"`
	MinFee      int64  `koanf:"min_fee" usage:"lowest fee rate of a transaction in our blocks, sat/kvB"`
}

// RPC is the JSON-RPC server for wallets and tools.
type RPC struct {
	Listen         string   `koanf:"listen" usage:"HOST:PORT of the RPC server, port 0: any free one"`
	User           string   `koanf:"user" usage:"user name; the cookie file always works too"`
	Password       Secret   `koanf:"password" usage:"password of rpc.user; better in the file or environment than in a flag"`
	Hosts          []string `koanf:"hosts" usage:"host names allowed in requests beside localhost and IP addresses"`
	MaxConnections int64    `koanf:"max_connections" usage:"connections at once"`
	ReadTimeout    Duration `koanf:"read_timeout" usage:"time to send one request"`
	IdleTimeout    Duration `koanf:"idle_timeout" usage:"time that a connection may rest"`
}

// P2P is the network of nodes.
type P2P struct {
	Listen         string   `koanf:"listen" usage:"HOST:PORT for peers, empty: the first node takes 8000, others ask whom they join"`
	Host           string   `koanf:"host" usage:"address to listen on when a port is assigned"`
	Join           []string `koanf:"join" usage:"HOST:PORT or HOST:PORT#NETWORKID of nodes to join"`
	Tracker        string   `koanf:"tracker" usage:"HOST:PORT of a tracker"`
	ServeTracker   string   `koanf:"serve_tracker" usage:"HOST:PORT where this node is also the network's tracker"`
	Capacity       int64    `koanf:"capacity" usage:"nodes that may get their ID here"`
	WalletCapacity int64    `koanf:"wallet_capacity" usage:"wallets that may get their ID here"`
	LAN            bool     `koanf:"lan" usage:"find nodes of this network in the local network (mDNS)"`
	TLSCert        string   `koanf:"tls_cert" usage:"PEM file of this node's certificate, for encrypted connections"`
	TLSKey         string   `koanf:"tls_key" usage:"PEM file of the certificate's key"`
}

// Mempool is what this node keeps and relays of unconfirmed transactions.
type Mempool struct {
	MaxBytes       int64    `koanf:"max_bytes" usage:"memory in bytes"`
	Expiry         Duration `koanf:"expiry" usage:"age at which a transaction is dropped"`
	RelayFee       int64    `koanf:"relay_fee" usage:"lowest fee rate, sat/kvB"`
	IncrementalFee int64    `koanf:"incremental_fee" usage:"fee rate that a replacement adds, sat/kvB"`
}

// Wallet is the wallet inside the node.
type Wallet struct {
	Enabled     bool   `koanf:"enabled" usage:"open wallets in the node"`
	Name        string `koanf:"name" usage:"wallet that is made at the first start and used by default"`
	AddressType string `koanf:"address_type" usage:"new addresses: legacy or bech32"`
}

// Defaults returns what no preset says otherwise. The presets name the whole
// of [chain], the scripts and the miner; nothing else has a default anywhere.
func Defaults() Config {
	return Config{
		Preset: defaultPreset,
		Node:   Node{DataDir: "data", LogLevel: "info", LogFormat: "auto"},
		Policy: Policy{Params: PolicyParams{Difficulty: Params{}, Reward: Params{}, Admission: Params{}, Assign: Params{}}},
		Mining: Mining{MinFee: 1},
		RPC: RPC{
			Listen:         "127.0.0.1:18443",
			Hosts:          []string{},
			MaxConnections: 1024,
			ReadTimeout:    Duration(30 * time.Second),
			IdleTimeout:    Duration(30 * time.Second),
		},
		P2P: P2P{Host: "127.0.0.1", Join: []string{}, Capacity: 3, WalletCapacity: 8},
		Mempool: Mempool{ // Bitcoin Core 31's
			MaxBytes:       300_000_000,
			Expiry:         Duration(336 * time.Hour),
			RelayFee:       100,
			IncrementalFee: 100,
		},
		Wallet: Wallet{Enabled: true, Name: "default", AddressType: "legacy"},
	}
}
