package host

import (
	"context"
	"time"

	"orrery/core/node"
	"orrery/core/protocol"
)

// loop is the state of Run.
type loop struct {
	h       *Host
	nextID  uint64
	waiting map[uint64]request // by the ID of their event
	done    []node.Done        // to be passed on when the group is durable
	more    bool               // the node asked to go on
	changed bool               // the node is in a state to be shown
	loose   bool               // something was shown since the last sync of the store
	next    *counted           // a state to be shown that the node has left since
	tick    *time.Ticker
	wake    *time.Timer       // fires when the node wants to be woken
	network []protocol.Effect // to be carried out when what they tell of is shown
}

// wait blocks for something to do and does it, and then what else is there,
// up to a group. It reports whether ctx has ended.
func (l *loop) wait(ctx context.Context) (ended bool, err error) {
	if !l.more {
		select {
		case <-ctx.Done():
			return true, nil
		case err := <-l.h.fatal:
			return false, err
		case r := <-l.h.requests:
			err = l.take(r)
		case e := <-l.h.events:
			err = l.step(node.PeerEvent{Event: e})
		case <-l.tick.C:
			if err = l.settle(); err == nil {
				err = l.step(node.Tick{})
			}
		case <-l.wake.C:
			err = l.step(node.Tick{})
		}
	}
	for n := 0; n < groupLen && err == nil; n++ {
		select {
		case <-ctx.Done():
			return true, nil
		case err := <-l.h.fatal:
			return false, err
		case r := <-l.h.requests:
			err = l.take(r)
		case e := <-l.h.events:
			err = l.step(node.PeerEvent{Event: e})
		case <-l.wake.C: // in initial sync the loop may never rest
			err = l.step(node.Tick{})
		default:
			if !l.more {
				return false, nil
			}
			err = l.step(node.Continue{})
		}
	}
	return false, err
}

func (l *loop) take(r request) error {
	l.nextID++
	l.waiting[l.nextID] = r
	if r.event == nil {
		l.done = append(l.done, node.Done{ID: l.nextID})
		return nil
	}
	return l.step(r.event(l.nextID))
}

// step brings the node one event further. What was to be shown is kept first:
// the step may be the begin of a reorg, whose middle nobody must see.
func (l *loop) step(e node.Event) error {
	if err := l.keep(); err != nil {
		return err
	}
	l.more = false
	effects, err := l.h.node.Step(l.h.clock.Now().UnixNano(), e)
	if err != nil {
		return err
	}
	for _, f := range effects {
		switch f := f.(type) {
		case node.More:
			l.more = true
		case node.Changed:
			l.changed, l.loose = true, true
		case node.Done:
			l.done = append(l.done, f)
		case node.PeerEffect:
			l.network = append(l.network, f.Effect)
		case node.WakeAt:
			l.wake.Reset(time.Duration(f.At - l.h.clock.Now().UnixNano()))
		}
	}
	return nil
}

// keep takes a view of a state that is to be shown.
func (l *loop) keep() error {
	if !l.changed {
		return nil
	}
	v, err := l.h.take()
	if err != nil {
		return err
	}
	l.drop()
	l.next, l.changed = v, false
	return nil
}

// drop gives up a view that was not shown.
func (l *loop) drop() {
	if l.next != nil {
		l.next.release()
		l.next = nil
	}
}

// finish makes the group durable if one of its answers says so, shows it,
// answers, and tells the network, in this order: a peer that is told of a block
// can ask for it.
func (l *loop) finish() error {
	if l.durable() {
		l.loose = true
		if err := l.settle(); err != nil {
			return err
		}
	}
	if err := l.keep(); err != nil {
		return err
	}
	if l.next != nil {
		l.h.publish(l.next)
		l.next = nil
	}
	for _, d := range l.done {
		if r, ok := l.waiting[d.ID]; ok {
			delete(l.waiting, d.ID)
			r.answer <- d // buffered: never blocks
		}
	}
	l.done = l.done[:0]
	for _, e := range l.network {
		l.h.network(e)
	}
	clear(l.network)
	l.network = l.network[:0]
	return nil
}

// settle syncs the store when something came that nobody asked to be durable,
// such as blocks of peers: a crash costs the last moments of it, not all.
func (l *loop) settle() error {
	if !l.loose {
		return nil
	}
	l.loose = false
	return l.h.store.Sync()
}

// durable reports whether one of those who get an answer now asked for
// durability. A request may be answered groups after it was taken.
func (l *loop) durable() bool {
	for _, d := range l.done {
		if l.waiting[d.ID].sync {
			return true
		}
	}
	return false
}

// abandon tells everybody who still waits that there will be no answer.
func (l *loop) abandon() {
	l.drop()
	for id, r := range l.waiting {
		r.answer <- node.Done{ID: id, Err: ErrStopped}
	}
}
