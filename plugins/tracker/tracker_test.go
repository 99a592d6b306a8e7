package tracker

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"orrery/core/protocol"
)

// code is what a stranger is told who asks for the chain; 0: its parameters.
func (r *rig) code() protocol.Code {
	_, err := r.serve(r.t.Context(), &protocol.GetParams{})
	if err != nil {
		return err.Code
	}
	return 0
}

// TestFounding: of several first nodes one is told to make the chain; if it
// does not, another is.
func TestFounding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nil)
		defer r.end()
		for range 3 {
			if got := r.code(); got != protocol.CodeNotFound {
				t.Errorf("the first was told %d", got)
			}
			if got := r.code(); got != protocol.CodeBusy {
				t.Errorf("the second was told %d", got)
			}
			time.Sleep(foundTime - time.Millisecond)
			if got := r.code(); got != protocol.CodeBusy {
				t.Errorf("too early: %d", got)
			}
			time.Sleep(time.Millisecond)
		}
	})
}

// learn has a node tell the chain, and returns what came of the last answer.
func (r *rig) learn(id protocol.PeerID, effects []protocol.Effect, c *Chain) []protocol.Effect {
	r.t.Helper()
	for _, answer := range []protocol.Response{&protocol.Params{ChainFile: c.File}, c.Policy} {
		ask, ok := find[protocol.Ask](effects)
		if !ok || ask.Peer != id || ask.Call%2 != 0 {
			r.t.Fatalf("it asked %+v of %d", effects, id)
		}
		effects = r.event(protocol.Answered{Peer: id, Call: ask.Call, Response: answer})
	}
	return effects
}

// TestLearn: the first member's chain is what strangers are told, after a
// restart, too, and other networks are refused.
func TestLearn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, network := testChain(t, "one")
		_, other := testChain(t, "two")
		r := start(t, nil)
		id, effects := r.hello(network, "127.0.0.1:8000")
		r.learn(id, effects, chain)
		for range 2 {
			answer, err := r.serve(t.Context(), &protocol.GetParams{})
			if p, ok := answer.(*protocol.Params); !ok || !bytes.Equal(p.ChainFile, chain.File) {
				t.Fatalf("parameters: %+v, %v", answer, err)
			}
			_, policy0, _ := parse(chain.File)
			answer, err = r.serve(t.Context(), &protocol.GetPolicy{ID: policy0})
			if p, ok := answer.(*protocol.Policy); !ok || !slices.EqualFunc(p.Scripts, chain.Policy.Scripts, func(a, b protocol.Script) bool {
				return a.Hook == b.Hook && a.File == b.File && bytes.Equal(a.Text, b.Text)
			}) {
				t.Errorf("policy: %+v, %v", answer, err)
			}
			for _, request := range []protocol.Request{&protocol.GetPolicy{}, &protocol.GetHeaders{}} {
				if _, err := r.serve(t.Context(), request); err == nil || err.Code != protocol.CodeNotFound {
					t.Errorf("%T: %v", request, err)
				}
			}
			_, effects := r.hello(other, "127.0.0.1:9000")
			if a, _ := find[protocol.Answer](effects); a.Err == nil || a.Err.Code != protocol.CodeWrongNetwork {
				t.Errorf("another network: %+v", effects)
			}
			r.end()
			r = start(t, r.disk)
		}
		r.end()
	})
}

// TestLiar: a first node that cannot show its chain does not keep others out.
func TestLiar(t *testing.T) {
	chain, network := testChain(t, "one")
	two, other := testChain(t, "two")
	bad := *chain
	bad.Policy = &protocol.Policy{Manifest: chain.Policy.Manifest, Scripts: slices.Clone(chain.Policy.Scripts)}
	bad.Policy.Scripts[1].Text = []byte("return 3")
	for name, answers := range map[string][]protocol.Answered{
		"another network's": {{Response: &protocol.Params{ChainFile: two.File}}},
		"none":              {{Response: &protocol.Params{ChainFile: []byte("{}")}}},
		"refuses":           {{Err: errNoChain}},
		"a wrong script":    {{Response: &protocol.Params{ChainFile: chain.File}}, {Response: bad.Policy}},
		"no policy":         {{Response: &protocol.Params{ChainFile: chain.File}}, {Response: &protocol.Policy{}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, nil)
			defer r.end()
			id, effects := r.hello(network, "127.0.0.1:8000")
			for _, a := range answers {
				ask, ok := find[protocol.Ask](effects)
				if !ok {
					t.Fatalf("%s: not asked: %+v", name, effects)
				}
				a.Peer, a.Call = id, ask.Call
				effects = r.event(a)
			}
			if c, ok := find[protocol.Close](effects); !ok || c.Peer != id {
				t.Errorf("%s: not closed: %+v", name, effects)
			}
			if len(r.disk) > 0 && loadChain(r.disk) != nil {
				t.Errorf("%s: it was saved", name)
			}
			r.event(protocol.PeerDown{Peer: id})
			id, effects = r.hello(other, "127.0.0.1:9000")
			r.learn(id, effects, two)
			if got := r.code(); got != 0 {
				t.Errorf("%s: the next one's chain is not served: %d", name, got)
			}
		})
	}
}

// TestNextIsAsked: when the asked node goes, another is asked.
func TestNextIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, network := testChain(t, "one")
		r := start(t, nil)
		defer r.end()
		first, _ := r.hello(network, "127.0.0.1:8000")
		second, effects := r.hello(network, "127.0.0.1:8001")
		if ask, ok := find[protocol.Ask](effects); ok {
			t.Errorf("two are asked at once: %+v", ask)
		}
		effects = r.event(protocol.PeerDown{Peer: first})
		r.learn(second, effects, chain)
		if got := r.code(); got != 0 {
			t.Errorf("the chain is not served: %d", got)
		}
	})
}

// TestMembers: who came and who went is told once each, and a silent member is
// gone after a while.
func TestMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain, network := testChain(t, "one")
		r := start(t, nil)
		defer r.end()
		id, effects := r.hello(network, "")
		r.learn(id, effects, chain)
		r.ask(id, &protocol.Assign{Kind: protocol.KindNode})
		r.ask(id, &protocol.Register{Listen: "127.0.0.1:8001"})
		time.Sleep(2 * lookEvery)
		r.hello(network, "127.0.0.1:1") // a stranger is no member
		time.Sleep(2 * lookEvery)
		synctest.Wait()
		r.mu.Lock()
		told := slices.Clone(r.told)
		r.mu.Unlock()
		if !slices.Equal(told, []string{"+127.0.0.1:8001"}) {
			t.Errorf("told %q", told)
		}
		time.Sleep(2 * time.Minute) // no ping is answered
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		if !slices.Equal(r.told, []string{"+127.0.0.1:8001", "-127.0.0.1:8001"}) {
			t.Errorf("told %q", r.told)
		}
	})
}

// TestManyMembers: of a crowd that comes at once, not everybody makes a line.
func TestManyMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, network := testChain(t, "one")
		r := start(t, nil)
		defer r.end()
		for range maxTold + 10 {
			id, _ := r.hello(network, "127.0.0.1:8001")
			r.ask(id, &protocol.Assign{Kind: protocol.KindNode})
		}
		time.Sleep(2 * lookEvery)
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.told) != maxTold {
			t.Errorf("told of %d", len(r.told))
		}
	})
}

// TestDamagedRecords: a chain that was not kept whole is asked for again.
func TestDamagedRecords(t *testing.T) {
	chain, _ := testChain(t, "one")
	whole := chain.records()
	if loadChain(whole) == nil {
		t.Fatal("a whole chain does not load")
	}
	for i := range whole {
		damaged := slices.Clone(whole)
		damaged[i].Value = append(slices.Clone(whole[i].Value), 'x')
		if loadChain(damaged) != nil {
			t.Errorf("loaded with a changed %s", whole[i].Key)
		}
		// What has no value only deletes.
		if whole[i].Value != nil && loadChain(slices.Delete(slices.Clone(whole), i, i+1)) != nil {
			t.Errorf("loaded without %s", whole[i].Key)
		}
	}
}

// TestLongScripts: the chain is kept in records that the store takes, whatever
// its scripts have; what an earlier chain had more is no part of it.
func TestLongScripts(t *testing.T) {
	const most = 900 // bytes of a record (plugins/peerstore)
	chain, _ := testChain(t, "one")
	long := &Chain{File: chain.File, Policy: &protocol.Policy{Manifest: chain.Policy.Manifest}}
	for _, s := range chain.Policy.Scripts {
		s.Text = append(slices.Clone(s.Text), make([]byte, protocol.MaxPolicyFile-len(s.Text))...)
		long.Policy.Scripts = append(long.Policy.Scripts, s)
	}
	disk := map[string][]byte{}
	for _, c := range []*Chain{long, chain} {
		for _, r := range c.records() {
			if len(r.Value) > most {
				t.Fatalf("%s has %d bytes", r.Key, len(r.Value))
			}
			if disk[r.Key] = r.Value; r.Value == nil {
				delete(disk, r.Key)
			}
		}
	}
	var saved []protocol.Record
	for key, value := range disk {
		saved = append(saved, protocol.Record{Key: key, Value: value})
	}
	if c := loadChain(saved); c == nil || !reflect.DeepEqual(c, chain) {
		t.Error("the second chain does not load")
	}
}
