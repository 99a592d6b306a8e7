package console

import (
	"bytes"
	"testing"
)

// TestPrefix: lines are whole, whatever pieces they come in, and carry the
// label that holds when they end.
func TestPrefix(t *testing.T) {
	var out bytes.Buffer
	p := NewPrefix(&out, "----")
	for _, piece := range []string{"one\ntw", "o", "\n\nthree\n", "never ended"} {
		if n, err := p.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
		p.Label("8001")
	}
	if got, want := out.String(), "---- | one\n8001 | two\n8001 | \n8001 | three\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
