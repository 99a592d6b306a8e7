package console

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// Handler writes log records for a person who looks at a terminal: one indented
// line each, without time and quotes.
type Handler struct {
	out   io.Writer
	level slog.Level
	mu    *sync.Mutex
	attrs string // of WithAttrs, ready to be written
}

// NewHandler writes records of at least level to out.
func NewHandler(out io.Writer, level slog.Level) *Handler {
	return &Handler{out: out, level: level, mu: new(sync.Mutex)}
}

// Enabled implements slog.Handler.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// Handle implements slog.Handler.
func (h *Handler) Handle(_ context.Context, r slog.Record) error {
	var b bytes.Buffer
	b.WriteString("  ")
	switch {
	case r.Level >= slog.LevelError:
		b.WriteString("error: ")
	case r.Level >= slog.LevelWarn:
		b.WriteString("warning: ")
	}
	b.WriteString(r.Message)
	b.WriteString(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(attr(a))
		return true
	})
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.out.Write(b.Bytes())
	return err
}

// attr is a colon for the reason of what was said, and a name for the rest.
func attr(a slog.Attr) string {
	text := strings.ReplaceAll(a.Value.String(), "\n", " ")
	if a.Key == "reason" || a.Key == "error" {
		return ": " + text
	}
	return fmt.Sprintf(", %s %s", a.Key, text)
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	for _, a := range attrs {
		c.attrs += attr(a)
	}
	return &c
}

// WithGroup implements slog.Handler; a person needs no groups.
func (h *Handler) WithGroup(string) slog.Handler { return h }
