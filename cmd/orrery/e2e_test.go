package main

import (
	"strings"
	"testing"
	"time"

	"orrery/cmd/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// longestEnd is how long a node may take to end when asked to.
const longestEnd = 10 * time.Second

// nobody is an address of the default versions whose key nobody has.
const nobody = "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8"

// wantFailure checks what a person sees of a start that failed: exit code 1,
// at most three lines, and in them all parts.
func wantFailure(t *testing.T, code int, output string, parts ...string) {
	t.Helper()
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(output, "\n"); n > 3 || !strings.HasSuffix(output, "\n") {
		t.Errorf("%d lines:\n%s", n, output)
	}
	for _, part := range parts {
		if !strings.Contains(output, part) {
			t.Errorf("%q is not in:\n%s", part, output)
		}
	}
	for _, bad := range []string{"goroutine ", "panic", "%!"} {
		if strings.Contains(output, bad) {
			t.Errorf("%q is in:\n%s", bad, output)
		}
	}
}

// failsUntouched starts a node that must fail, and checks that it left the
// folder as it was.
func failsUntouched(t *testing.T, dir string, args []string, parts ...string) {
	t.Helper()
	before := e2e.ReadFolder(t, dir)
	p := e2e.Launch(t, "", nil, args...)
	code, _ := p.Wait()
	wantFailure(t, code, p.Output(), parts...)
	if diff := before.Diff(e2e.ReadFolder(t, dir)); diff != "" {
		t.Errorf("the folder has changed:\n%s", diff)
	}
}
