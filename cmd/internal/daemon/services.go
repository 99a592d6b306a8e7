package daemon

import (
	"context"
	"errors"
	"fmt"
)

// service is one running part of the node. run calls ready when others may
// count on it, and returns soon after its context ends.
type service struct {
	name string
	run  func(ctx context.Context, ready func()) error
}

// running is a started service.
type running struct {
	service
	stop context.CancelFunc
	done chan error
}

// runServices starts each service after the former is ready, waits until ctx
// ends or one of them fails, and stops them in reverse order, so that nothing
// outlives what it uses.
func runServices(ctx context.Context, list []service) error {
	failed := make(chan error, len(list)+1)
	var up []*running
	for _, s := range list {
		r, err := start(ctx, s, failed)
		if r != nil {
			up = append(up, r)
		}
		if err != nil {
			return failures(err, up, failed)
		}
		if ctx.Err() != nil {
			return failures(nil, up, failed)
		}
	}
	var first error
	select {
	case <-ctx.Done():
	case first = <-failed:
	}
	return failures(first, up, failed)
}

// failures stops everything and tells what went wrong: first, then what other
// services that failed had found, then what happened while they ended.
func failures(first error, up []*running, failed <-chan error) error {
	faults := stopAll(up)
	for range len(failed) {
		faults = append([]error{<-failed}, faults...)
	}
	return told(append([]error{first}, faults...)...)
}

func start(ctx context.Context, s service, failed chan error) (*running, error) {
	// Not a child of ctx: services end one by one, not all at once.
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{service: s, stop: stop, done: make(chan error, 1)}
	ready := make(chan struct{})
	go func() {
		err := s.run(own, func() { close(ready) })
		if own.Err() == nil { // nobody asked it to end
			if err == nil {
				err = errors.New("it ended by itself")
			}
			failed <- fmt.Errorf("%s: %w", s.name, err)
			err = nil
		}
		r.done <- err
	}()
	select {
	case <-ready:
		return r, nil
	case err := <-failed: // this one's, or an earlier one's
		return r, err
	case <-ctx.Done():
		return r, nil
	}
}

func stopAll(up []*running) (errs []error) {
	for i := len(up) - 1; i >= 0; i-- {
		up[i].stop()
		if err := <-up[i].done; err != nil && !errors.Is(err, context.Canceled) {
			errs = append(errs, fmt.Errorf("%s: %w", up[i].name, err))
		}
	}
	return errs
}
