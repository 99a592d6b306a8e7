package peers

import (
	"context"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

// Chain is what a node with an empty folder needs to know of a network.
type Chain struct {
	File     []byte // of chain.json
	Policies []*protocol.Policy
}

// FetchChain asks the node at address (HOST:PORT) for the parameters of its
// chain, and then for the policies that want finds in them. It needs no node of
// its own. Nothing of the answer was checked but its form and its sizes.
func FetchChain(ctx context.Context, cfg Config, address string, want func(file []byte) ([]chainhash.Hash, error)) (*Chain, error) {
	const events = 16
	f := &fetcher{address: address, events: make(chan protocol.Event, events)}
	t, err := New(cfg, Deps{Deliver: f.deliver})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.DialTime+cfg.CallTime)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = t.Run(ctx, nil)
	}()
	f.t = t
	c, err := f.run(ctx, want)
	if err != nil {
		err = fmt.Errorf("cannot get the chain's parameters from %s: %w", address, err)
	} else {
		t.Do(protocol.Close{Peer: f.peer, Reason: "thank you"})
	}
	cancel()
	<-ended
	return c, err
}

type fetcher struct {
	t       *Transport
	address string
	peer    protocol.PeerID
	calls   uint64
	events  chan protocol.Event
}

func (f *fetcher) deliver(ctx context.Context, e protocol.Event) error {
	select {
	case f.events <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fetcher) run(ctx context.Context, want func([]byte) ([]chainhash.Hash, error)) (*Chain, error) {
	f.t.Do(protocol.Dial{Address: f.address})
	if err := f.until(ctx, func(e protocol.Event) bool { _, up := e.(protocol.PeerUp); return up }); err != nil {
		return nil, err
	}
	answer, err := f.ask(ctx, &protocol.GetParams{})
	if err != nil {
		return nil, err
	}
	c := &Chain{File: answer.(*protocol.Params).ChainFile}
	ids, err := want(c.File)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if answer, err = f.ask(ctx, &protocol.GetPolicy{ID: id}); err != nil {
			return nil, fmt.Errorf("policy %x: %w", id[:], err)
		}
		c.Policies = append(c.Policies, answer.(*protocol.Policy))
	}
	return c, nil
}

// ask sends a request and waits for its answer.
func (f *fetcher) ask(ctx context.Context, r protocol.Request) (answer protocol.Response, err error) {
	f.calls++
	f.t.Do(protocol.Ask{Peer: f.peer, Call: f.calls, Request: r})
	failed := f.until(ctx, func(e protocol.Event) bool {
		a, ok := e.(protocol.Answered)
		answer, err = a.Response, a.Err
		return ok
	})
	return answer, errors.Join(failed, err)
}

// until takes events until ok says that it is the one.
func (f *fetcher) until(ctx context.Context, ok func(protocol.Event) bool) error {
	for {
		select {
		case e := <-f.events:
			switch e := e.(type) {
			case protocol.PeerUp:
				f.peer = e.Peer
			case protocol.DialFailed:
				return errors.New(e.Reason)
			case protocol.PeerDown:
				return errors.New(e.Reason)
			case protocol.Asked:
				f.t.Do(protocol.Answer{Peer: e.Peer, Call: e.Call, Err: notYet})
			}
			if ok(e) {
				return nil
			}
		case <-ctx.Done():
			return errors.New("no answer in time")
		}
	}
}

var notYet = &protocol.Error{Code: protocol.CodeNotMember, Message: "this node only asks for the chain's parameters"}
