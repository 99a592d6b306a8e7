package peers

import "orrery/core/protocol"

// saver keeps records in the background, in order: the disk may be slow, and
// the node's loop does not wait for it.
type saver struct {
	waiting []protocol.Record
	running bool
}

// save hands records to Deps.Save soon; at once when the transport has ended.
func (t *Transport) save(records []protocol.Record) {
	if t.deps.Save == nil {
		return
	}
	t.mu.Lock()
	s := &t.saver
	if t.over && !s.running {
		t.mu.Unlock()
		t.deps.Save(records)
		return
	}
	defer t.mu.Unlock()
	if len(s.waiting)+len(records) > maxUnsaved {
		t.deps.Log.Warn("the disk is too slow to keep what is known of the network")
		return
	}
	s.waiting = append(s.waiting, records...)
	if !s.running {
		s.running = true
		t.group.Add(1)
		go t.saveWaiting()
	}
}

func (t *Transport) saveWaiting() {
	defer t.group.Done()
	for {
		t.mu.Lock()
		records := t.saver.waiting
		t.saver.waiting = nil
		if len(records) == 0 {
			t.saver.running = false
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		t.deps.Save(records)
	}
}
