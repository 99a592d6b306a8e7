package host

import (
	"context"

	"orrery/core/node"
)

// Follow calls f with the present view, and again whenever there is a newer
// one, until ctx ends or f fails. f may miss views, never the newest; it must
// not keep the view.
func (h *Host) Follow(ctx context.Context, f func(*node.View) error) error {
	for ctx.Err() == nil {
		changed := h.Changed()
		v, release := h.Acquire()
		err := f(v)
		release()
		if err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return nil
}
