package rpc

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"orrery/core/peering"
)

func (n *nodeMethods) banMethods() []Method {
	return []Method{
		{
			Name: "setban", Category: "network", Permission: PermAdmin, Handler: n.setban,
			Doc: "Bans a host, a subnet or a node, or pardons it.\nWhoever is banned is disconnected and not connected to.",
			Params: []Param{
				{Name: "subnet", Type: StringParam, Required: true, Doc: "An address, an address with the bits of its subnet as in 10.1.0.0/16,\nor HOST:PORT of one node where many share a host"},
				{Name: "command", Type: StringParam, Required: true, Doc: "add or remove"},
				{Name: "bantime", Type: IntParam, Default: 0, Doc: "For how many seconds, or until when with absolute; 0 for a day"},
				{Name: "absolute", Type: BoolParam, Default: false, Doc: "Whether bantime is in seconds since 1970"},
			},
			Result: Null("", ""), Example: `["127.0.0.1:8001", "add", 3600]`,
		},
		{
			Name: "listbanned", Category: "network", Permission: PermRead, Handler: n.listbanned, Express: true,
			Doc: "Lists who is banned, by hand or for faults.",
			Result: List("", "", Record("", "A ban",
				Text("address", "Who is banned"),
				Timestamp("ban_created", "Since when"),
				Timestamp("banned_until", "Until when"),
				Integer("ban_duration", "For how many seconds"),
				Integer("time_remaining", "How many of them are left"),
				Text("reason", "Why"),
				Boolean("manual", "Whether it was done by setban, not for a fault"))),
		},
		{
			Name: "clearbanned", Category: "network", Permission: PermAdmin, Handler: n.clearbanned,
			Doc: "Pardons everybody.", Result: Null("", ""),
		},
	}
}

func (n *nodeMethods) setban(ctx context.Context, c *Call) (any, error) {
	action := c.Text("command")
	if action != "add" && action != "remove" {
		return nil, &Error{Code: CodeMisc, Message: c.entry.Help()}
	}
	if n.Network == nil {
		return nil, errNoNetwork
	}
	who, ok := banned(c.Text("subnet"))
	if !ok {
		return nil, errSubnet
	}
	ban := peering.SetBan{Who: who, Remove: action == "remove"}
	if !ban.Remove {
		ban.Seconds, ban.Absolute = max(c.Int("bantime"), 0), c.Bool("absolute")
		if ban.Absolute && c.Int("bantime") < n.Node.Now().Unix() {
			return nil, Errorf(CodeParameter, "Error: Absolute timestamp is in the past")
		}
	}
	_, err := n.command(ctx, ban)
	return nil, err
}

var errSubnet = &Error{Code: CodeSubnet, Message: "Error: Invalid IP/Subnet"}

// banned returns the one spelling of whom a ban is for: an address, the first
// address of a subnet and its bits, or HOST:PORT. Like Core it takes a mask for
// bits, too, but no names alone.
func banned(who string) (string, bool) {
	address, bits, isNet := strings.Cut(who, "/")
	if !isNet {
		if ip, err := netip.ParseAddr(strings.Trim(who, "[]")); err == nil {
			return ip.Unmap().WithZone("").String(), true
		}
		host, port, ok := splitAddress(who)
		return net.JoinHostPort(strings.ToLower(host), strconv.Itoa(port)), ok && host != "" && port != 0
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "", false
	}
	ip = ip.Unmap()
	n, err := strconv.Atoi(bits)
	if err != nil {
		if n, err = maskBits(bits, ip); err != nil {
			return "", false
		}
	}
	prefix, err := ip.Prefix(n)
	if err != nil {
		return "", false
	}
	if prefix.IsSingleIP() {
		return ip.String(), true
	}
	return prefix.String(), true
}

// maskBits counts the ones that a mask like 255.255.0.0 begins with.
func maskBits(mask string, of netip.Addr) (int, error) {
	m, err := netip.ParseAddr(mask)
	if err != nil || m.BitLen() != of.BitLen() {
		return 0, errSubnet
	}
	ones, bits := net.IPMask(m.AsSlice()).Size()
	if bits == 0 {
		return 0, errSubnet // the ones are not in front
	}
	return ones, nil
}

type banInfo struct {
	Address   string `json:"address"`
	Created   int64  `json:"ban_created"`
	Until     int64  `json:"banned_until"`
	Duration  int64  `json:"ban_duration"`
	Remaining int64  `json:"time_remaining"`
	Reason    string `json:"reason"`
	Manual    bool   `json:"manual"`
}

func (n *nodeMethods) listbanned(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	p, _ := n.peersOf(v)
	now := n.Node.Now().Unix()
	list := []banInfo{}
	for _, b := range p.Bans {
		if b.Until <= now {
			continue // the next step forgets it
		}
		who := b.Who
		if ip, err := netip.ParseAddr(who); err == nil {
			who += "/" + strconv.Itoa(ip.BitLen()) // as Core shows a single address
		}
		list = append(list, banInfo{who, b.Created, b.Until, b.Until - b.Created, b.Until - now, b.Reason, b.ByHand})
	}
	return list, nil
}

func (n *nodeMethods) clearbanned(ctx context.Context, _ *Call) (any, error) {
	_, err := n.command(ctx, peering.ClearBanned{})
	return nil, err
}
