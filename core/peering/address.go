package peering

import (
	"strconv"
	"strings"

	"orrery/core/protocol"
)

// SplitAddress takes HOST:PORT apart, an IPv6 host out of its brackets and in
// lower case. The port may be 0; whoever dials must look.
func SplitAddress(address string) (host string, port uint16, ok bool) {
	i := strings.LastIndexByte(address, ':')
	if i < 0 || len(address) > protocol.MaxAddress {
		return "", 0, false
	}
	host = strings.ToLower(address[:i])
	n, err := strconv.ParseUint(address[i+1:], 10, 16)
	if err != nil || address[i+1] == '+' {
		return "", 0, false
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	} else if strings.Contains(host, ":") {
		return "", 0, false
	}
	for _, c := range []byte(host) {
		// What ends up in the log and in commands is plain.
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_' || c == ':' || c == '%') {
			return "", 0, false
		}
	}
	return host, uint16(n), true
}

// JoinAddress is the reverse of SplitAddress.
func JoinAddress(host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(port))
}

// dialable returns the one spelling of an address that somebody can be reached
// at. seen is the host of who tells; it replaces a host that only means "here".
// With a seen host, addresses that lead nowhere from there are refused: a peer
// elsewhere must not have this node dial services of its own machine.
func dialable(address, seen string) (string, bool) {
	host, port, ok := SplitAddress(address)
	if !ok || port == 0 {
		return "", false
	}
	if ip, isIP := parseIP(host); host == "" || isIP && ip.ip == [16]byte{} || host == "0.0.0.0" {
		host = seen
	}
	if host == "" || seen != "" && reach(host) > reach(seen) {
		return "", false
	}
	return JoinAddress(host, port), true
}

// reach is how near one must be to a host to be able to dial it: 0 anywhere, 1
// in its private network, 2 on its machine or by a name without a dot.
func reach(host string) int {
	ip, ok := parseIP(host)
	switch {
	case !ok && strings.Contains(host, "."):
		return 0
	case !ok || within(loopback, ip):
		return 2
	case within(private, ip):
		return 1
	}
	return 0
}

func within(list []subnet, ip subnet) bool {
	for _, n := range list {
		if n.contains(ip) {
			return true
		}
	}
	return false
}

// subnet is a range of IP addresses; IPv4 ones are mapped into IPv6.
type subnet struct {
	ip   [16]byte
	bits int // that must be equal, of 128
}

var mapped = [16]byte{10: 0xff, 11: 0xff}

// parseIP reads an IP address.
func parseIP(s string) (subnet, bool) {
	n := subnet{bits: 128}
	if strings.Contains(s, ":") {
		return n, parseIPv6(s, &n.ip)
	}
	n.ip = mapped
	return n, parseIPv4(s, n.ip[12:])
}

func parseIPv4(s string, ip []byte) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return false
	}
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil || part[0] == '+' || len(part) > 1 && part[0] == '0' {
			return false
		}
		ip[i] = byte(v)
	}
	return true
}

func parseIPv6(s string, ip *[16]byte) bool {
	if i := strings.IndexByte(s, '%'); i >= 0 {
		s = s[:i] // a zone says which link, not who
	}
	head, tail, gap := strings.Cut(s, "::")
	a, ok := hextets(head)
	if !ok {
		return false
	}
	b, ok := hextets(tail)
	if !ok || !gap && len(a) != 16 || gap && len(a)+len(b) > 14 {
		return false
	}
	copy(ip[:], a)
	copy(ip[16-len(b):], b)
	return true
}

func hextets(s string) ([]byte, bool) {
	if s == "" {
		return nil, true
	}
	var out []byte
	parts := strings.Split(s, ":")
	for i, part := range parts {
		if i == len(parts)-1 && strings.Contains(part, ".") {
			var v4 [4]byte
			ok := parseIPv4(part, v4[:])
			return append(out, v4[:]...), ok && len(out) <= 12
		}
		v, err := strconv.ParseUint(part, 16, 16)
		if err != nil || part[0] == '+' || len(out) == 16 {
			return nil, false
		}
		out = append(out, byte(v>>8), byte(v))
	}
	return out, true
}

// parseSubnet reads ADDRESS/BITS, or an address alone.
func parseSubnet(s string) (subnet, bool) {
	host, bits, cut := strings.Cut(s, "/")
	n, ok := parseIP(host)
	if !ok || !cut {
		return n, ok
	}
	v, err := strconv.ParseUint(bits, 10, 8)
	if err != nil {
		return n, false
	}
	n.bits = int(v)
	if !strings.Contains(host, ":") {
		n.bits += 96
	}
	return n, n.bits <= 128
}

func (n subnet) contains(ip subnet) bool {
	whole := n.bits / 8
	if string(n.ip[:whole]) != string(ip.ip[:whole]) {
		return false
	}
	rest := n.bits % 8
	return rest == 0 || (n.ip[whole]^ip.ip[whole])>>(8-rest) == 0
}

var (
	loopback = parseSubnets("127.0.0.0/8", "::1/128")
	private  = parseSubnets("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)

func parseSubnets(list ...string) []subnet {
	var out []subnet
	for _, s := range list {
		n, ok := parseSubnet(s)
		if !ok {
			panic("peering: bad subnet " + s)
		}
		out = append(out, n)
	}
	return out
}

// IsLocal reports whether a host is this machine or in a private network:
// there, many nodes share few hosts.
func IsLocal(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, ok := parseIP(host)
	return ok && (within(loopback, ip) || within(private, ip))
}

// NetGroup is the part of a host that is costly to have many of: "a.b" of an
// IPv4 address, "a:b" of an IPv6 one (Bitcoin Core: NetGroupManager), and any
// other host as it is.
func NetGroup(host string) string {
	ip, ok := parseIP(host)
	switch {
	case !ok:
		return host
	case [12]byte(ip.ip[:12]) == [12]byte(mapped[:12]):
		return strconv.Itoa(int(ip.ip[12])) + "." + strconv.Itoa(int(ip.ip[13]))
	}
	return strconv.FormatUint(uint64(ip.ip[0])<<8|uint64(ip.ip[1]), 16) + ":" +
		strconv.FormatUint(uint64(ip.ip[2])<<8|uint64(ip.ip[3]), 16)
}
