package host

import (
	"errors"
	"testing"
)

// TestBackgroundFault: a store that fails while nobody writes ends the node.
func TestBackgroundFault(t *testing.T) {
	fault := errors.New("disk on fire")
	r := newRig(t, nil)
	r.fatal <- fault
	if err := <-r.ended; !errors.Is(err, fault) {
		t.Errorf("Run ended with %v", err)
	}
}

// TestLooseBlocks: what nobody asked to be durable reaches the disk with the
// next tick of the clock.
func TestLooseBlocks(t *testing.T) {
	r := newRig(t, nil)
	r.store.set(func(s *spy) { s.gate = make(chan struct{}) })
	a := r.Chain("a", r.Genesis(), 1)
	r.submit(false, a[0])
	<-r.store.arrived
	r.store.set(func(s *spy) { close(s.gate); s.gate = nil })
}
