package config

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"orrery/core/consensus"
	"orrery/core/policy"
	"orrery/scripts"
	"orrery/wallet/address"
)

// The widest settings. A value beyond is a slip of the finger.
const (
	maxThreads     = 1024
	maxHashrate    = 1_000_000_000_000 // hashes a second
	maxAddress     = 120               // characters; bech32 stops at 90
	maxConnections = 65_535
	minTimeout     = 1e9           // nanoseconds
	maxTimeout     = 24 * 3600e9   // nanoseconds
	minMempool     = 5_000_000     // bytes: 50 clusters of 101 kvB (Core: -maxmempool)
	maxMempool     = 1 << 40       // bytes
	minExpiry      = 60e9          // nanoseconds
	maxExpiry      = 8760 * 3600e9 // nanoseconds, a year
	maxFeeRate     = consensus.CoinUnit
	maxCapacity    = 1000
	maxList        = 64      // entries of a list
	maxParams      = 64      // parameters of a script
	maxExact       = 1 << 53 // scripts count in float64
	maxText        = 4096    // bytes of any other text
	maxWalletName  = 64      // bytes: it is a file name
)

// checker collects faults of values that have the right type.
type checker struct {
	c    *Config
	s    *Settings
	have Errors // faults found before: such keys hold a weaker source's value
	errs Errors
}

// check returns what is out of range, keys in have left out.
func (s *Settings) check(have Errors) Errors {
	v := &checker{c: &s.Config, s: s, have: have}
	v.checkTexts()
	v.checkNode()
	v.checkChain()
	v.checkPolicy()
	v.checkMining()
	v.checkRPC()
	v.checkP2P()
	v.checkMempool()
	return v.errs
}

func (v *checker) fail(key, format string, args ...any) {
	for _, e := range slices.Concat(v.have, v.errs) {
		if e.Key == key {
			return
		}
	}
	v.errs = append(v.errs, Error{Source: v.s.Source(key), Key: key, Msg: fmt.Sprintf(format, args...)})
}

func (v *checker) between(key string, n, lo, hi int64) {
	if n < lo || n > hi {
		v.fail(key, "%s is %d, must be %d … %d", key, n, lo, hi)
	}
}

func (v *checker) within(key string, d, lo, hi Duration) {
	if d < lo || d > hi {
		v.fail(key, "%s is %v, must be %v … %v", key, d, lo, hi)
	}
}

func (v *checker) oneOf(key, text string, words ...string) {
	if !slices.Contains(words, text) {
		v.fail(key, "%s is %q, must be one of %s", key, text, strings.Join(words, ", "))
	}
}

// checkTexts looks at every text: what cannot be shown in one line is a slip.
func (v *checker) checkTexts() {
	for _, k := range v.s.schema.keys {
		var texts []string
		switch x := k.value(v.c).(type) {
		case string:
			texts = []string{x}
		case Secret:
			texts = []string{x.Reveal()}
		case []string:
			texts = x
			if len(x) > maxList {
				v.fail(k.Name, "%s has %d entries, at most %d are allowed", k.Name, len(x), maxList)
			}
		}
		for _, text := range texts {
			if len(text) > maxText && k.Name != "chain.genesis.script" {
				v.fail(k.Name, "%s has %d bytes, at most %d are allowed", k.Name, len(text), maxText)
			}
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				v.fail(k.Name, "%s must be UTF-8 without control characters", k.Name)
			}
		}
	}
}

func (v *checker) checkNode() {
	if v.c.Node.DataDir == "" {
		v.fail("node.data_dir", "node.data_dir is empty, must name a folder")
	}
	v.oneOf("node.log_level", v.c.Node.LogLevel, "debug", "info", "warn", "error")
	v.oneOf("node.log_format", v.c.Node.LogFormat, "auto", "text", "json")
}

func (v *checker) checkPolicy() {
	for _, hook := range hooks {
		key, name, names := "policy."+string(hook), v.s.libraryName(hook), scripts.Names(hook)
		switch {
		case name == "" && v.c.Policy.Dir == "":
			v.fail(key, "%s and policy.dir are both empty: name a library script or a folder", key)
		case name != "" && !slices.Contains(names, name):
			v.fail(key, "%s is %q, must be one of %s; set policy.dir for files of your own", key, name, strings.Join(names, ", "))
		}
		v.checkParams("policy.params."+string(hook), v.s.ScriptParams(hook))
	}
}

func (v *checker) checkParams(table string, params Params) {
	if len(params) > maxParams {
		v.fail(table, "[%s] has %d parameters, at most %d are allowed", table, len(params), maxParams)
	}
	for name, value := range params {
		key := table + "." + name
		switch x := value.(type) {
		case int64:
			if x <= -maxExact || x >= maxExact {
				v.fail(key, "%s is %d, must be between -2^53 and 2^53: scripts count exactly no further", key, x)
			}
		case string:
			if len(x) > policy.MaxParamString || !utf8.ValidString(x) {
				v.fail(key, "%s must be UTF-8 of at most %d bytes", key, policy.MaxParamString)
			}
		}
	}
}

func (v *checker) checkMining() {
	m := v.c.Mining
	v.between("mining.threads", m.Threads, 0, maxThreads)
	v.between("mining.max_hashrate", m.MaxHashrate, 0, maxHashrate)
	v.between("mining.min_fee", m.MinFee, 0, maxFeeRate)
	v.checkPayout(m.Address)
}

// checkPayout reads the address as one of [chain.addresses]: a node refuses a
// data folder whose chain.json has others, so they are those of its chain.
func (v *checker) checkPayout(text string) {
	if text == "" {
		return
	}
	if len(text) > maxAddress || strings.Contains(text, " ") {
		v.fail("mining.address", "mining.address is no address: it has %d characters or a space in it", len(text))
		return
	}
	for _, fault := range slices.Concat(v.have, v.errs) {
		if strings.HasPrefix(fault.Key, "chain.addresses") {
			return // what it should be is not known
		}
	}
	f := v.c.chainFile().Addresses
	codec := address.Codec{Versions: consensus.AddressVersions{P2PKH: byte(f.P2PKH), P2SH: byte(f.P2SH), WIF: byte(f.WIF), HRP: f.HRP}}
	if _, err := codec.Decode(text); err != nil {
		v.fail("mining.address", "mining.address %q is no address of this chain (see [chain.addresses]): %v", text, err)
	}
}

func (v *checker) checkRPC() {
	r := v.c.RPC
	v.hostPort("rpc.listen", r.Listen, 0)
	switch {
	case r.User == "" && r.Password != "":
		v.fail("rpc.password", "rpc.password is set without rpc.user: set both or none")
	case r.User != "" && r.Password == "":
		v.fail("rpc.user", "rpc.user is set without rpc.password: set both or none")
	case strings.Contains(r.User, ":"):
		v.fail("rpc.user", "rpc.user must not have a colon in it: HTTP takes what follows for the password")
	}
	for _, host := range r.Hosts {
		if !hostName.MatchString(host) {
			v.fail("rpc.hosts", "rpc.hosts has %q in it, must be host names without a port", host)
		}
	}
	v.between("rpc.max_connections", r.MaxConnections, 1, maxConnections)
	v.within("rpc.read_timeout", r.ReadTimeout, minTimeout, maxTimeout)
	v.within("rpc.idle_timeout", r.IdleTimeout, minTimeout, maxTimeout)
}

func (v *checker) checkP2P() {
	p := v.c.P2P
	if p.Listen != "" {
		v.hostPort("p2p.listen", p.Listen, 0)
	}
	if net.ParseIP(p.Host) == nil && !hostName.MatchString(p.Host) {
		v.fail("p2p.host", "p2p.host is %q, must be an IP address or a host name", p.Host)
	}
	for _, peer := range p.Join {
		address, id, pinned := strings.Cut(peer, "#")
		v.hostPort("p2p.join", address, 1)
		if pinned && !networkID.MatchString(id) {
			v.fail("p2p.join", "p2p.join has %q, whose part behind # must be a network id of 64 lower-case hex digits", peer)
		}
	}
	if p.Tracker != "" {
		v.hostPort("p2p.tracker", p.Tracker, 1)
	}
	if p.ServeTracker != "" {
		v.hostPort("p2p.serve_tracker", p.ServeTracker, 0)
		if p.Tracker != "" {
			v.fail("p2p.serve_tracker", "p2p.serve_tracker and p2p.tracker exclude each other: one tracker gives all IDs of a network")
		}
	}
	v.between("p2p.capacity", p.Capacity, 0, maxCapacity)
	v.between("p2p.wallet_capacity", p.WalletCapacity, 0, maxCapacity)
	if (p.TLSCert == "") != (p.TLSKey == "") {
		v.fail("p2p.tls_cert", "p2p.tls_cert and p2p.tls_key go together: set both, or neither")
	}
}

func (v *checker) checkMempool() {
	m := v.c.Mempool
	v.between("mempool.max_bytes", m.MaxBytes, minMempool, maxMempool)
	v.within("mempool.expiry", m.Expiry, minExpiry, maxExpiry)
	v.between("mempool.relay_fee", m.RelayFee, 0, maxFeeRate)
	v.between("mempool.incremental_fee", m.IncrementalFee, 0, maxFeeRate)
	v.oneOf("wallet.address_type", v.c.Wallet.AddressType, "legacy", "bech32")
	if !walletName.MatchString(v.c.Wallet.Name) || len(v.c.Wallet.Name) > maxWalletName {
		v.fail("wallet.name", "wallet.name is %q, must be 1 … %d of letters, digits, - and _", v.c.Wallet.Name, maxWalletName)
	}
}

var (
	hostName   = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$`)
	networkID  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	walletName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// hostPort wants HOST:PORT; lowest is 0 where port 0 means any free one. An
// empty host, all interfaces, must be written 0.0.0.0 or [::].
func (v *checker) hostPort(key, text string, lowest uint64) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		v.fail(key, "%s is %q, must be HOST:PORT, such as 127.0.0.1:18443", key, text)
		return
	}
	if net.ParseIP(host) == nil && !hostName.MatchString(host) {
		v.fail(key, "%s is %q, whose host must be an IP address or a host name (0.0.0.0: all interfaces)", key, text)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < lowest {
		v.fail(key, "%s is %q, whose port must be %d … 65535", key, text, lowest)
	}
}
