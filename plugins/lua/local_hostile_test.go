package lua

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orrery/core/policy"
)

var (
	hostilePeer = policy.Peer{
		Address: "203.0.113.9:8000", Host: "203.0.113.9", Port: 8000, NetGroup: "203.0", Inbound: true, Agent: "/x/",
		Height: 5, Kind: "node", InboundCount: 1, OutboundCount: 2, NetGroupCount: 3, BannedUntil: 4, Now: 1_700_000_000,
	}
	hostileFault   = policy.Fault{Kind: "size", Detail: "9 MiB", Count: 2}
	hostileRequest = policy.Request{
		Kind: "node", Host: "127.0.0.1", Self: policy.Child{ID: 8000, Port: 8000, Kind: "node"}, Capacity: 3,
		Children: []policy.Child{{ID: 8001, Port: 8001, Kind: "node"}}, Taken: []uint32{8002}, Now: 1_700_000_000,
	}
)

// askLocal runs all functions of a local script once. An error of the script is
// the result; any other one ends the test.
func askLocal(t testing.TB, s *Script) (units int64, result error) {
	t.Helper()
	_, err := s.callLocal(1_700_000_000, 1, 2, func(m *machine) error {
		defer func() { units = m.used() }()
		if s.hook == policy.Assign {
			_, _, _, err := m.assign(&hostileRequest)
			return err
		}
		if _, _, err := m.admit(hostilePeer); err != nil {
			return err
		}
		_, _, err := m.punish(hostilePeer, hostileFault)
		return err
	})
	var broken *policy.ScriptError
	if err != nil && !errors.As(err, &broken) {
		t.Fatalf("a fault of this program: %v", err)
	}
	return units, err
}

// Failures 92 to 99 in the sandbox of the local hooks. The first line of each
// file says which class it ends in; on a used machine it ends in the same.
func TestLocalHostile(t *testing.T) {
	files, err := filepath.Glob("testdata/local/*.lua")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(text))
		hook, want := policy.Hook(fields[1]), strings.TrimSuffix(fields[2], ":")
		start := time.Now()
		s, err := Compile(hook, filepath.Base(file), text, Env{Budget: policy.DefaultBudget})
		if err != nil {
			if got := scriptError(t, err); got.Reason != want {
				t.Errorf("%s: %s %v, want %s", file, got.Reason, err, want)
			}
			continue
		}
		if w := s.Warnings(); want == "ok" && len(w) > 0 && !strings.Contains(file, "banned-names") {
			t.Error(w)
		}
		units, err := askLocal(t, s)
		again, errAgain := askLocal(t, s)
		if errText(err) != errText(errAgain) || units != again {
			t.Errorf("%s: %d %v, then %d %v", file, units, err, again, errAgain)
		}
		got := "ok"
		if err != nil {
			got = scriptError(t, err).Reason
		}
		if got != want {
			t.Errorf("%s: %s (%v), want %s", file, got, err, want)
		}
		if d := time.Since(start); d > time.Second {
			t.Logf("%s took %v for two calls", file, d.Round(time.Millisecond))
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Every function that only local scripts have, with all combinations of odd
// values: each call gives values or an error of the script's own.
func TestLocalOddValues(t *testing.T) {
	const odd = `local odd = {0/0, math.huge, -math.huge, 0, -1, 2, 0.5, 9007199254740992, -9007199254740992, "", "a%d.5s", ("x"):rep(512), {}, {1, "b", 3}, true, u256(3)}

`
	for _, f := range []string{"string.byte", "string.char", "string.find", "string.format", "string.len", "string.lower", "string.rep", "string.sub",
		"string.upper", "table.concat", "table.sort", "tostring", "random", "seconds", "print", "pcall"} {
		calls := 0
		for first := 1; first <= 17; first++ {
			text := fmt.Sprintf(`%sfunction admit(peer)
  local n = 0
  local a = odd[%d]
  for j = 0, #odd do for k = 0, #odd do
    if type(a) == "table" then a = {1, "b", 3} end
    pcall(%s, a, odd[j], odd[k])
    pcall(%s, a, odd[k])
    n = n + 1
  end end
  pcall(%s)
  return false, n .. ""
end`, odd, first, f, f, f)
			s, err := Compile(policy.Admission, f, []byte(text), Env{Budget: 10 * policy.DefaultBudget})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := askLocal(t, s); err == nil {
				calls += 17 * 17
			} else if got := scriptError(t, err).Reason; got != policy.ReasonBudget {
				t.Errorf("%s: %v", f, err)
			}
		}
		if calls < 17*17 {
			t.Errorf("%s: %d calls ended", f, calls)
		}
	}
}
