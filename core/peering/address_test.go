package peering

import "testing"

func TestSplitAddress(t *testing.T) {
	for _, tt := range []struct {
		in, host string
		port     uint16
		ok       bool
	}{
		{"127.0.0.1:8000", "127.0.0.1", 8000, true},
		{"LocalHost:0", "localhost", 0, true},
		{"[::1]:65535", "::1", 65535, true},
		{":8000", "", 8000, true},
		{"::1:8000", "", 0, false},
		{"a:65536", "", 0, false},
		{"a:", "", 0, false},
		{"a", "", 0, false},
		{"a:+1", "", 0, false},
		{"a:-1", "", 0, false},
		{"a b:1", "", 0, false},
		{"a\n:1", "", 0, false},
		{"", "", 0, false},
	} {
		host, port, ok := SplitAddress(tt.in)
		if ok != tt.ok || ok && (host != tt.host || port != tt.port) {
			t.Errorf("%q: %q %d %v", tt.in, host, port, ok)
		}
		if ok {
			if again, p, ok := SplitAddress(JoinAddress(host, port)); !ok || again != host || p != port {
				t.Errorf("%q: joined and split again %q %d", tt.in, again, p)
			}
		}
	}
}

func TestDialable(t *testing.T) {
	for _, tt := range []struct{ in, seen, want string }{
		{"0.0.0.0:8001", "10.0.0.7", "10.0.0.7:8001"},
		{"[::]:8001", "::1", "[::1]:8001"},
		{":8001", "h", "h:8001"},
		{":8001", "", ""},
		{"1.2.3.4:8001", "10.0.0.7", "1.2.3.4:8001"},
		{"1.2.3.4:0", "10.0.0.7", ""},
		{"nonsense", "10.0.0.7", ""},
		{"127.0.0.1:22", "8.8.8.8", ""},
		{"127.0.0.1:22", "10.0.0.7", ""},
		{"127.0.0.1:22", "127.0.0.1", "127.0.0.1:22"},
		{"10.0.0.1:22", "8.8.8.8", ""},
		{"10.0.0.1:22", "127.0.0.1", "10.0.0.1:22"},
		{"10.0.0.1:22", "", "10.0.0.1:22"},
		{"router:22", "8.8.8.8", ""},
		{"example.org:22", "8.8.8.8", "example.org:22"},
		{"[::ffff:127.0.0.1]:22", "8.8.8.8", ""},
	} {
		if got, _ := dialable(tt.in, tt.seen); got != tt.want {
			t.Errorf("%q seen at %q: %q, want %q", tt.in, tt.seen, got, tt.want)
		}
	}
}

func TestGroups(t *testing.T) {
	for _, tt := range []struct {
		host, group string
		local       bool
	}{
		{"127.0.0.1", "127.0", true},
		{"127.9.9.9", "127.9", true},
		{"localhost", "localhost", true},
		{"::1", "0:0", true},
		{"10.1.2.3", "10.1", true},
		{"172.16.0.1", "172.16", true},
		{"172.32.0.1", "172.32", false},
		{"192.168.1.1", "192.168", true},
		{"8.8.4.4", "8.8", false},
		{"::ffff:8.8.4.4", "8.8", false},
		{"::ffff:127.0.0.1", "127.0", true},
		{"2001:db8::1", "2001:db8", false},
		{"2001:db8:1:2:3:4:5:6", "2001:db8", false},
		{"fe80::1%eth0", "fe80:0", true},
		{"fd00::1", "fd00:0", true},
		{"example.org", "example.org", false},
		{"1.2.3.256", "1.2.3.256", false},
		{"01.2.3.4", "01.2.3.4", false},
		{"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9", false},
		{"1::2::3", "1::2::3", false},
		{":::", ":::", false},
	} {
		if NetGroup(tt.host) != tt.group || IsLocal(tt.host) != tt.local {
			t.Errorf("%s: group %s, local %v", tt.host, NetGroup(tt.host), IsLocal(tt.host))
		}
	}
}

func TestSubnets(t *testing.T) {
	for _, tt := range []struct {
		net, host string
		want      bool
	}{
		{"1.2.3.4", "1.2.3.4", true},
		{"1.2.3.4/32", "1.2.3.5", false},
		{"1.2.3.4/31", "1.2.3.5", true},
		{"1.2.0.0/15", "1.3.255.255", true},
		{"1.2.0.0/15", "1.4.0.0", false},
		{"0.0.0.0/0", "9.9.9.9", true},
		{"0.0.0.0/0", "2001::1", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"::/0", "9.9.9.9", true},
	} {
		n, ok := parseSubnet(tt.net)
		ip, ok2 := parseIP(tt.host)
		if !ok || !ok2 || n.contains(ip) != tt.want {
			t.Errorf("%s has %s: %v %v %v", tt.net, tt.host, ok, ok2, !tt.want)
		}
	}
	for _, bad := range []string{"1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3/8", "a/8", "/8", ""} {
		if _, ok := parseSubnet(bad); ok {
			t.Errorf("%q is a subnet", bad)
		}
	}
}
