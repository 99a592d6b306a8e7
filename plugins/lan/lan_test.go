package lan

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/mdns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// multicast returns an interface on which a multicast packet of this machine
// comes back to it, or why there is none.
func multicast() (*net.Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	reasons := []string{}
	for _, i := range list {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		if err := comesBack(&i); err != nil {
			reasons = append(reasons, fmt.Sprintf("%s: %v", i.Name, err))
			continue
		}
		return &i, nil
	}
	return nil, fmt.Errorf("no interface passes multicast on: %s", strings.Join(reasons, "; "))
}

// comesBack asks with the plugin's own library, for a service of the test's.
func comesBack(i *net.Interface) error {
	quiet := New(Config{}, Deps{}).quiet
	name := fmt.Sprintf("_probe-%d._tcp", time.Now().UnixNano()%1e9)
	zone, err := mdns.NewMDNSService("probe", name, "local.", "probe.local.", 1, []net.IP{{127, 0, 0, 1}}, []string{"x"})
	if err != nil {
		return err
	}
	s, err := mdns.NewServer(&mdns.Config{Zone: zone, Iface: i, Logger: quiet})
	if err != nil {
		return err
	}
	defer s.Shutdown()
	entries := make(chan *mdns.ServiceEntry, 8)
	if err := mdns.Query(&mdns.QueryParam{Service: name, Timeout: browseTime, Interface: i, Entries: entries, DisableIPv6: true, Logger: quiet}); err != nil {
		return err
	}
	if len(entries) == 0 {
		return fmt.Errorf("a question was not answered")
	}
	return nil
}

// found collects what a plugin found.
type found struct {
	mu   sync.Mutex
	list []string
	news chan struct{}
}

func (f *found) take(_ context.Context, address string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, address)
	select {
	case f.news <- struct{}{}:
	default:
	}
	return nil
}

// TestFindEachOther: two nodes of a network find each other by real multicast,
// and not one of another network, nor themselves.
func TestFindEachOther(t *testing.T) {
	card, err := multicast()
	if err != nil {
		t.Skip("left out, since it needs multicast: ", err)
	}
	a, b, other := strings.Repeat("a", 64), strings.Repeat("a", 64), strings.Repeat("b", 64)
	var all []*found
	var running sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	defer running.Wait()
	defer stop()
	for i, network := range []string{a, b, other} {
		f := &found{news: make(chan struct{}, 1)}
		all = append(all, f)
		l := New(Config{Network: network, Every: 100 * time.Millisecond, Interface: card}, Deps{
			Self:  func() (uint32, string) { return uint32(8000 + i), fmt.Sprintf("127.0.0.1:%d", 8000+i) },
			Found: f.take, Log: slog.New(slog.DiscardHandler),
		})
		l.loopback = true
		running.Add(1)
		go func() {
			defer running.Done()
			if err := l.Run(ctx, func() {}); err != nil {
				t.Error(err)
			}
		}()
	}
	limit := time.After(30 * time.Second)
	for _, f := range all[:2] {
		select {
		case <-f.news:
		case <-limit:
			t.Fatalf("nothing was found on %s: %q and %q", card.Name, all[0].list, all[1].list)
		}
	}
	for i, f := range all {
		f.mu.Lock()
		for _, address := range f.list {
			if want := fmt.Sprintf("127.0.0.1:%d", 8001-i); address != want {
				t.Errorf("node %d found %s, wanted %s", i, address, want)
			}
		}
		f.mu.Unlock()
	}
}

// TestAnswers: what anybody says on the local network is not believed beyond
// what a node could say.
func TestAnswers(t *testing.T) {
	l := New(Config{Network: "ab"}, Deps{})
	_, near, _ := net.ParseCIDR("192.168.1.0/24")
	for _, tt := range []struct {
		name   string
		fields []string
		want   []string
	}{
		{"x.", []string{"network=ab", "node=8000", "at=192.168.1.7:8000", "at=192.168.1.8:1"}, []string{"192.168.1.7:8000", "192.168.1.8:1"}},
		{"x.", []string{"network=ac", "at=192.168.1.7:8000"}, nil},
		{"x.", []string{"at=192.168.1.7:8000"}, nil},
		{l.name + "._orrery._tcp.local.", []string{"network=ab", "at=192.168.1.7:8000"}, nil},
		{"x.", []string{"network=ab", "at=8.8.8.8:53", "at=192.168.2.7:8000"}, nil},
		{"x.", []string{"network=ab", "at=192.168.1.7:0", "at=192.168.1.7", "at=host:1", "at=", "at=192.168.1.7:70000"}, nil},
		{"x.", append([]string{"network=ab"}, slices.Repeat([]string{"at=192.168.1.7:8000"}, 99)...), slices.Repeat([]string{"192.168.1.7:8000"}, maxAddresses)},
	} {
		if got := l.addresses(&mdns.ServiceEntry{Name: tt.name, InfoFields: tt.fields}, []*net.IPNet{near}); !slices.Equal(got, tt.want) {
			t.Errorf("%q %q: %q, want %q", tt.name, tt.fields, got, tt.want)
		}
	}
}

// TestReachable: a node is announced where others reach it.
func TestReachable(t *testing.T) {
	l := New(Config{}, Deps{})
	nets := []*net.IPNet{{IP: net.IPv4(127, 0, 0, 1)}, {IP: net.IPv4(10, 0, 0, 5)}, {IP: net.ParseIP("fe80::1")}}
	for listen, want := range map[string][]string{
		"127.0.0.1:8000": nil, "[::1]:8000": nil, "": nil, "10.0.0.9:8000": {"at=10.0.0.9:8000"},
		"0.0.0.0:8000": {"at=10.0.0.5:8000"}, "[::]:8000": {"at=10.0.0.5:8000"},
	} {
		if got := l.reachable(listen, nets); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", listen, got, want)
		}
	}
}

// TestLoopbackSaysSo: a node that nobody else reaches says so in one line, once.
func TestLoopbackSaysSo(t *testing.T) {
	var out bytes.Buffer
	l := New(Config{Network: "ab"}, Deps{
		Self: func() (uint32, string) { return 8000, "127.0.0.1:8000" }, Log: slog.New(slog.NewTextHandler(&out, nil)),
	})
	for range 3 {
		l.announce()
	}
	if l.server != nil || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "p2p.host") {
		t.Errorf("said %q", out.String())
	}
}
