// Package e2e is for tests that run the real program: it builds the binary
// once, starts nodes in temporary folders, and sees to it that none is left.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// buildFolder holds the binary of this test run.
var buildFolder string

// Main runs the tests of a package and removes the binary after them.
func Main(m *testing.M) {
	// Signals that are ignored here stay ignored in the nodes that tests start,
	// as where tests run under nohup; those that are caught do not.
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	code := m.Run()
	if buildFolder != "" {
		_ = os.RemoveAll(buildFolder)
	}
	os.Exit(code)
}

var build = sync.OnceValues(func() (string, error) {
	var err error
	if buildFolder, err = os.MkdirTemp("", "orrery-e2e-"); err != nil {
		return "", err
	}
	name := filepath.Join(buildFolder, "orrery")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", name, "orrery/cmd/orrery").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, nil
})

// Binary builds the program, once in a test run, and returns its path. The
// package of the tests must call Main from its TestMain.
func Binary(t testing.TB) string {
	t.Helper()
	name, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return name
}
