package scripts_test

import (
	"testing"

	"orrery/core/policy"
)

func TestOpen(t *testing.T) {
	l := local(t, policy.Admission, "open")
	if ok, reason := l.Admit(policy.Peer{Host: "203.0.113.9", Inbound: true, InboundCount: 1000, NetGroupCount: 1000}); !ok {
		t.Error(reason)
	}
	if got := l.Punish(policy.Peer{}, policy.Fault{Kind: "size", Count: 1}); got != policy.BanSeconds {
		t.Errorf("a fault: %d s", got)
	}
}

// Groups are limited by direction, and what is near is exempt.
func TestNetgroup(t *testing.T) {
	far := policy.Peer{Host: "203.0.113.9", NetGroup: "203.0"}
	type want struct {
		inbound bool
		count   int
		ok      bool
	}
	for _, tt := range []struct {
		params []policy.Param
		wants  []want
	}{
		{nil, []want{{true, 0, true}, {true, 3, true}, {true, 4, false}, {false, 0, true}, {false, 1, false}}},
		{[]policy.Param{number("inbound", 1), number("outbound", 2)}, []want{{true, 0, true}, {true, 1, false}, {false, 1, true}, {false, 2, false}}},
		{[]policy.Param{number("inbound", 0)}, []want{{true, 0, false}}},
	} {
		l := local(t, policy.Admission, "netgroup", tt.params...)
		for _, w := range tt.wants {
			p := far
			p.Inbound, p.NetGroupCount = w.inbound, w.count
			if ok, reason := l.Admit(p); ok != w.ok || ok != (reason == "") {
				t.Errorf("%v %+v: %v %q", tt.params, w, ok, reason)
			}
		}
	}
	l := local(t, policy.Admission, "netgroup")
	_, reason := l.Admit(policy.Peer{Host: "203.0.113.9", NetGroup: "203.0", Inbound: true, NetGroupCount: 9})
	if want := "there are 9 inbound peers of the group 203.0 already"; reason != want {
		t.Errorf("%q, want %q", reason, want)
	}
}

func TestNetgroupExempts(t *testing.T) {
	l := local(t, policy.Admission, "netgroup")
	strict := local(t, policy.Admission, "netgroup", policy.Param{Key: "private", Value: true})
	for host, near := range map[string]bool{
		"127.0.0.1": true, "127.8.9.10": true, "10.1.2.3": true, "192.168.0.7": true, "172.16.0.1": true, "172.31.255.1": true,
		"169.254.1.1": true, "::1": true, "fd00::1": true, "fc12::1": true, "fe80::1%eth0": true, "FE80::1": true, "febf::1": true,
		"localhost": true, "::ffff:10.0.0.1": true,
		"128.0.0.1": false, "11.0.0.1": false, "192.169.0.1": false, "172.15.0.1": false, "172.32.0.1": false, "172.160.0.1": false,
		"1.0.0.127": false, "100.64.0.1": false, "2001:db8::1": false, "fec0::1": false, "ff02::1": false, "::2": false, "": false,
		"10.example": false, "127.0.0.1.example": false, "fd.example": false, "localhost.example": false, "::ffff:8.8.8.8": false,
	} {
		p := policy.Peer{Host: host, NetGroup: "x", NetGroupCount: 100, Inbound: true}
		if ok, _ := l.Admit(p); ok != near {
			t.Errorf("%q: %v, want %v", host, ok, near)
		}
		if ok, _ := strict.Admit(p); ok {
			t.Errorf("%q was let in although private addresses count", host)
		}
	}
}

func TestAllowlist(t *testing.T) {
	text := func(key, v string) policy.Param { return policy.Param{Key: key, Value: v} }
	for _, tt := range []struct {
		name    string
		params  []policy.Param
		allowed []string
		refused []string
	}{
		{"default", nil, []string{"127.0.0.1", "::1", "localhost", "LocalHost"}, []string{"127.0.0.2", "10.0.0.1", "", ","}},
		{"list", []policy.Param{text("hosts", "10.0.0.5,192.168. fd00:, Node.example ")},
			[]string{"10.0.0.5", "192.168.7.7", "fd00::9", "node.example"},
			[]string{"10.0.0.50", "10.0.0", "192.169.0.1", "127.0.0.1", "", "example", "xnode.example"}},
		{"nobody", []policy.Param{text("hosts", "")}, nil, []string{"127.0.0.1", ""}},
	} {
		l := local(t, policy.Admission, "allowlist", tt.params...)
		for _, inbound := range []bool{false, true} {
			for _, h := range tt.allowed {
				if ok, reason := l.Admit(policy.Peer{Host: h, Inbound: inbound}); !ok {
					t.Errorf("%s: %q refused: %s", tt.name, h, reason)
				}
			}
			for _, h := range tt.refused {
				if ok, reason := l.Admit(policy.Peer{Host: h, Inbound: inbound}); ok || reason != "not on the list" {
					t.Errorf("%s: %q: %v %q", tt.name, h, ok, reason)
				}
			}
		}
	}
	l := local(t, policy.Admission, "allowlist", policy.Param{Key: "inbound", Value: true})
	if ok, _ := l.Admit(policy.Peer{Host: "203.0.113.9"}); !ok {
		t.Error("an outbound peer was refused")
	}
	if ok, _ := l.Admit(policy.Peer{Host: "203.0.113.9", Inbound: true}); ok {
		t.Error("an inbound peer was let in")
	}
}

// Bans grow with the faults up to a limit, and graver ones cost more.
func TestReputation(t *testing.T) {
	l := local(t, policy.Admission, "reputation")
	want := map[string][]int64{
		"protocol":  {0, 600, 1200, 2400, 4800},
		"size":      {0, 600, 1200, 2400, 4800},
		"consensus": {9600, 19200, 38400},
		"work":      {9600, 19200, 38400},
	}
	for kind, bans := range want {
		last := int64(-1)
		for count := 1; count <= 60; count++ {
			got := l.Punish(policy.Peer{}, policy.Fault{Kind: kind, Count: count})
			if count <= len(bans) && got != bans[count-1] {
				t.Errorf("%s %d: %d s, want %d", kind, count, got, bans[count-1])
			}
			if got < last || got > 2592000 || got == last && got != 2592000 {
				t.Errorf("%s %d: %d s after %d", kind, count, got, last)
			}
			last = got
		}
		if last != 2592000 {
			t.Errorf("%s: %d s at last", kind, last)
		}
	}
	if got := l.Punish(policy.Peer{}, policy.Fault{Kind: "work", Count: 1 << 30}); got != 2592000 {
		t.Errorf("many faults: %d s", got)
	}
	l = local(t, policy.Admission, "reputation", number("first", 10), number("most", 15), number("patience", 0), number("serious", 0))
	for count, ban := range []int64{10, 15, 15} {
		if got := l.Punish(policy.Peer{}, policy.Fault{Kind: "size", Count: count + 1}); got != ban {
			t.Errorf("short: %d s, want %d", got, ban)
		}
	}
	if ok, reason := l.Admit(policy.Peer{Inbound: true}); !ok {
		t.Error(reason)
	}
}
