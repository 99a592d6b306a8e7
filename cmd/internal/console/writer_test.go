package console

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
)

// TestWriter: everything arrives, in order.
func TestWriter(t *testing.T) {
	var got, want bytes.Buffer
	w := NewWriter(&got)
	for n := range 1000 {
		line := fmt.Sprintf("line %d\n", n)
		want.WriteString(line)
		if n, err := io.WriteString(w, line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	w.Close()
	if got.String() != want.String() {
		t.Errorf("it wrote:\n%s", &got)
	}
}

// TestWriterUnread: who does not read holds nobody up, and is told what he
// missed.
func TestWriterUnread(t *testing.T) {
	r, out := io.Pipe()
	w := NewWriter(out)
	w.ReportTo(slog.New(NewHandler(w, slog.LevelInfo)))
	const line = "a line of twenty...\n"
	for range 3 * writerLimit / len(line) {
		_, _ = io.WriteString(w, line)
	}
	w.Close() // gives up
	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		text <- string(all)
	}()
	<-w.ended
	_ = out.Close()
	got := <-text
	kept := strings.Count(got, line)
	var lost int
	at := strings.Index(got, "  warning:")
	if _, err := fmt.Sscanf(got[max(at, 0):], "  warning: output was left out, nobody read it, lines %d\n", &lost); err != nil {
		t.Fatalf("no report: %v", err)
	}
	if kept+lost != 3*writerLimit/len(line) || len(got) > 2*writerLimit+200 {
		t.Errorf("%d lines arrived, %d were reported as lost, %d bytes", kept, lost, len(got))
	}
}

// TestStatus: the line of Status stands below all others, and is taken away at
// the end.
func TestStatus(t *testing.T) {
	r, out := io.Pipe()
	w := NewWriter(out)
	buf := make([]byte, 100)
	want := func(text string) {
		t.Helper()
		n, err := r.Read(buf)
		if err != nil || string(buf[:n]) != text {
			t.Errorf("got %q, want %q (%v)", buf[:n], text, err)
		}
	}
	say := func(text string) { _, _ = io.WriteString(w, text) }
	say("one\n")
	want("one\n")
	w.Status("10 %")
	want("10 %")
	say("two\n")
	want("\r    \rtwo\n10 %")
	w.Status("5 ½")
	want("\r    \r5 ½")
	say("thr")
	want("\r   \rthr")
	w.Status("6 %") // not in the middle of a line
	say("ee\n")
	want("ee\n6 %")
	go w.Close()
	want("\r   \r")
	<-w.ended
	_ = out.Close()
}
