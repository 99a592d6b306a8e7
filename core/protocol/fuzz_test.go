package protocol

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// FuzzMessage reads any bytes as a message: it does not panic, and what it
// understands it can say again.
func FuzzMessage(f *testing.F) {
	for line := range strings.Lines(string(write(new(testing.T)))) {
		if strings.HasPrefix(line, `{"jsonrpc"`) {
			f.Add([]byte(line))
		}
	}
	m := maker{rand.New(rand.NewPCG(1, 2))}
	for _, q := range m.requests() {
		f.Add(AppendRequest(nil, 3, q))
	}
	for _, q := range m.notices() {
		f.Add(AppendNotice(nil, q))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		frame, err := ParseFrame(text)
		if err != nil {
			return
		}
		if frame.Refusal != nil {
			if e, err := DecodeRefusal(frame.Refusal); err == nil {
				again := mustParse(t, AppendAnswer(nil, frame.ID, nil, e))
				got, err := DecodeRefusal(again.Refusal)
				same(t, text, e, got, err)
			}
			return
		}
		if frame.Method == "" {
			for _, method := range Methods()[:len(Methods())-2] {
				if r, err := DecodeResponse(method, frame.Result); err == nil {
					again := mustParse(t, AppendAnswer(nil, frame.ID, r, nil))
					got, err := DecodeResponse(method, again.Result)
					same(t, text, r, got, err)
				}
			}
			return
		}
		if q, err := DecodeRequest(frame.Method, frame.Params); err == nil {
			again := mustParse(t, AppendRequest(nil, 1, q))
			got, err := DecodeRequest(again.Method, again.Params)
			same(t, text, q, got, err)
		}
		if q, err := DecodeNotice(frame.Method, frame.Params); err == nil {
			again := mustParse(t, AppendNotice(nil, q))
			got, err := DecodeNotice(again.Method, again.Params)
			same(t, text, q, got, err)
		}
	})
}

func same(t *testing.T, text []byte, want, got any, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	// nil and empty slices are the same to a peer.
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("%q:\ngot  %s\nwant %s", text, b, a)
	}
}
