package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"orrery/cmd/internal/host"
	"orrery/plugins/pebble"
)

// journal notes what services do, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) want(t *testing.T, lines ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.lines, lines) {
		t.Errorf("got  %s\nwant %s", strings.Join(j.lines, ", "), strings.Join(lines, ", "))
	}
}

// plain is a service that does as it is told. last is what it returns then.
func (j *journal) plain(name string, last error) service {
	return service{name, func(ctx context.Context, ready func()) error {
		j.note(name + " up")
		ready()
		<-ctx.Done()
		j.note(name + " down")
		return last
	}}
}

// failing ends with err when c is closed; before it is ready if c is nil.
func (j *journal) failing(name string, c <-chan struct{}, err error) service {
	return service{name, func(ctx context.Context, ready func()) error {
		j.note(name + " up")
		if c != nil {
			ready()
			<-c
		}
		j.note(name + " fails")
		return err
	}}
}

// runAll runs services, and another after them that calls started.
func runAll(ctx context.Context, list []service, started func() error) error {
	return runServices(ctx, append(list, service{"last", func(ctx context.Context, ready func()) error {
		if err := started(); err != nil {
			return err
		}
		ready()
		<-ctx.Done()
		return nil
	}}))
}

func TestServicesInOrder(t *testing.T) {
	noLeak(t)
	var j journal
	ctx, cancel := context.WithCancel(t.Context())
	err := runAll(ctx, []service{j.plain("a", nil), j.plain("b", context.Canceled), j.plain("c", nil)}, func() error {
		j.note("started")
		cancel()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	j.want(t, "a up", "b up", "c up", "started", "c down", "b down", "a down")
}

func TestServiceFails(t *testing.T) {
	noLeak(t)
	fault := errors.New("disk on fire")
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"with an error", fault, "b: disk on fire"},
		{"without", nil, "b: it ended by itself"},
		{"as if it were told to", context.Canceled, "b: context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var j journal
			now := make(chan struct{})
			err := runAll(t.Context(), []service{j.plain("a", nil), j.failing("b", now, c.err), j.plain("c", nil)}, func() error {
				close(now)
				return nil
			})
			if err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			j.want(t, "a up", "b up", "c up", "b fails", "c down", "a down")
		})
		t.Run(c.name+", before it is ready", func(t *testing.T) {
			var j journal
			err := runAll(t.Context(), []service{j.plain("a", nil), j.failing("b", nil, c.err), j.plain("c", nil)}, func() error {
				j.note("started")
				return nil
			})
			if err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			j.want(t, "a up", "b up", "b fails", "a down")
		})
	}
}

// One that fails while a later one is being started stops that as well.
func TestServiceFailsWhileOthersStart(t *testing.T) {
	noLeak(t)
	var j journal
	now := make(chan struct{})
	slow := service{"slow", func(ctx context.Context, _ func()) error {
		j.note("slow up")
		close(now)
		<-ctx.Done()
		j.note("slow down")
		return nil
	}}
	err := runAll(t.Context(), []service{j.failing("a", now, errors.New("no")), slow, j.plain("c", nil)}, func() error {
		j.note("started")
		return nil
	})
	if err == nil || err.Error() != "a: no" {
		t.Error(err)
	}
	j.want(t, "a up", "slow up", "a fails", "slow down")
}

// Ctrl-C while a service is being started.
func TestStopWhileServicesStart(t *testing.T) {
	noLeak(t)
	var j journal
	ctx, cancel := context.WithCancel(t.Context())
	slow := service{"slow", func(ctx context.Context, _ func()) error {
		cancel()
		<-ctx.Done()
		j.note("slow down")
		return ctx.Err()
	}}
	err := runAll(ctx, []service{j.plain("a", nil), slow, j.plain("c", nil)}, func() error {
		j.note("started")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	j.want(t, "a up", "slow down", "a down")
}

func TestLastServiceFails(t *testing.T) {
	noLeak(t)
	var j journal
	err := runAll(t.Context(), []service{j.plain("a", nil), j.plain("b", nil)}, func() error { return errors.New("no room") })
	if err == nil || err.Error() != "last: no room" {
		t.Error(err)
	}
	j.want(t, "a up", "b up", "b down", "a down")
}

// What goes wrong at the end is told, with what went wrong first before it.
func TestServiceFailsAtTheEnd(t *testing.T) {
	noLeak(t)
	var j journal
	now := make(chan struct{})
	err := runAll(t.Context(), []service{j.plain("a", errors.New("not saved")), j.failing("b", now, errors.New("broken"))}, func() error {
		close(now)
		return nil
	})
	if err == nil || err.Error() != "b: broken\na: not saved" {
		t.Error(err)
	}
	j.want(t, "a up", "b up", "b fails", "a down")
}

// TestTold: one fault is one line, however many parts of a node meet it, and
// those that fail because the node has ended do not hide why it did.
func TestTold(t *testing.T) {
	noLeak(t)
	var j journal
	now := make(chan struct{})
	disk := &pebble.Error{Kind: pebble.ErrFailed, Path: "log", Doing: "sync"}
	list := []service{j.plain("a", nil)}
	ended := make(chan struct{}) // the order of failing: those above first
	list = append(list, service{"node", func(_ context.Context, ready func()) error {
		ready()
		<-ended
		return disk
	}})
	list = append(list, service{"wallets", func(ctx context.Context, ready func()) error {
		ready()
		<-now
		context.AfterFunc(ctx, func() { close(ended) })
		return fmt.Errorf("follow: %w", host.ErrStopped)
	}})
	err := runAll(t.Context(), list, func() error { close(now); return nil })
	if err = told(err, disk); err == nil || err.Error() != "node: "+disk.Error() {
		t.Error(err)
	}
	if err := told(host.ErrStopped); !errors.Is(err, host.ErrStopped) {
		t.Errorf("nobody tells why it ended: %v", err)
	}
}

// noLeak fails a test that leaves goroutines behind. Those of libraries were
// there before.
func noLeak(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}
