package console

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
)

func TestHandler(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(NewHandler(&out, slog.LevelInfo))
	log.Debug("not shown")
	log.Info("wallet transaction waits", "wallet", "default", "reason", "its fee\nis too low")
	log.With("height", 7).Warn("mining waits", "reason", errors.New("the clock is behind"))
	log.Error("stopped")
	want := "  wallet transaction waits, wallet default: its fee is too low\n" +
		"  warning: mining waits, height 7: the clock is behind\n" +
		"  error: stopped\n"
	if out.String() != want {
		t.Errorf("got:\n%swant:\n%s", &out, want)
	}
}
