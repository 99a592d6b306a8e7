package peers

import "testing"

// TestHaltedQueue: no writer begins after the end, also when one was there.
func TestHaltedQueue(t *testing.T) {
	started := 0
	q := queue{start: func() { started++ }}
	q.put(item{size: 1})
	q.put(item{size: 1})
	if started != 1 {
		t.Fatalf("%d writers for two items", started)
	}
	q.halt()
	for {
		if _, ok := q.next(); !ok {
			break
		}
	}
	q.put(item{size: 1})
	if q.close(item{}, true); started != 1 {
		t.Error("another writer began after the end")
	}
}
