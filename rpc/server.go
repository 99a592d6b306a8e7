package rpc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is the JSON-RPC server. Make it with New, run it with Run.
type Server struct {
	cfg     Config
	deps    Deps
	table   *Table
	calls   *dispatcher
	workers *slots
	large   *slots
	hosts   map[string]bool
	known   []*credential
	scratch sync.Pool // of *scratch
	running running
	started time.Time

	stopping chan struct{}
	capped   *capListener
	address  net.Addr
}

// New makes a server; nothing is opened yet.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	deps = deps.withDefaults()
	table, err := NewTable(Methods(deps))
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, deps: deps, table: table, calls: newDispatcher(table, deps.Log),
		workers: newSlots(cfg.Workers, cfg.QueueTime), large: newSlots(cfg.LargeBodies, cfg.QueueTime),
		hosts: map[string]bool{"localhost": true}, stopping: make(chan struct{}),
	}
	for _, h := range cfg.Hosts {
		s.hosts[strings.ToLower(h)] = true
	}
	if cfg.User != "" {
		s.known = append(s.known, newCredential(cfg.User, cfg.Password, PermAll))
	}
	return s, nil
}

// Address is where the server listens; it is known once Run calls ready.
func (s *Server) Address() net.Addr { return s.address }

// Run listens and answers until ctx ends, then lets the calls at work finish,
// for at most Config.StopTime, and closes everything. A Server runs once.
func (s *Server) Run(ctx context.Context, ready func()) error {
	l, err := listen(ctx, &s.cfg)
	if err != nil {
		return err
	}
	if s.cfg.CookieFile != "" {
		password, err := writeCookie(s.cfg.CookieFile)
		if err != nil {
			_ = l.Close()
			return err
		}
		defer removeCookie(s.cfg.CookieFile, password)
		s.known = append(s.known, newCredential(CookieUser, password, PermAll))
	}
	s.address, s.started = l.Addr(), s.deps.Now()
	s.capped = newCapListener(l, &s.cfg)
	calls, endCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer endCalls()
	hs := s.httpServer(calls)
	if ready != nil {
		ready() // the port is open: who comes now waits for a moment
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		s.shutdown(hs, endCalls)
	})
	err = hs.Serve(s.capped)
	if stop() {
		err = fmt.Errorf("RPC stopped listening on %s: %w", s.address, err)
		_ = hs.Close()
	} else {
		<-ended
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
	}
	s.running.wait()
	return err
}

func (s *Server) httpServer(calls context.Context) *http.Server {
	const slop = 4096 // net/http adds this to MaxHeaderBytes
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.cfg.HeaderTime,
		ReadTimeout:       s.cfg.ReadTime,
		IdleTimeout:       s.cfg.IdleTime,
		MaxHeaderBytes:    max(s.cfg.MaxHeader-slop, 1),
		BaseContext:       func(net.Listener) context.Context { return calls },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
		// What goes wrong with a connection is the peer's affair, and a peer
		// could fill the log with it.
		ErrorLog: slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelDebug),
		// OPTIONS * is answered like every other verb.
		DisableGeneralOptionsHandler: true,
	}
}

type connKey struct{}

func (s *Server) shutdown(hs *http.Server, endCalls func()) {
	close(s.stopping)
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.StopTime)
	defer cancel()
	s.capped.closeSilent()
	if hs.Shutdown(ctx) != nil {
		s.deps.Log.Warn("RPC calls were cut off, because they did not finish in time", "seconds", s.cfg.StopTime.Seconds())
		endCalls()
		_ = hs.Close()
	}
}

// running knows the calls at work: for getrpcinfo, and to wait for them.
type running struct {
	mu    sync.Mutex
	calls map[*Call]bool
	over  bool // no call begins any more
	group sync.WaitGroup
}

// begin reports whether the call may run: one that waited for a worker may
// come when all is over.
func (r *running) begin(c *Call) bool {
	c.started = time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return false
	}
	if r.calls == nil {
		r.calls = map[*Call]bool{}
	}
	r.group.Add(1)
	r.calls[c] = true
	return true
}

func (r *running) end(c *Call) {
	r.mu.Lock()
	delete(r.calls, c)
	r.mu.Unlock()
	r.group.Done()
}

// list returns the calls at work, the longest first.
func (r *running) list() []activeCommand {
	now := time.Now()
	list := []activeCommand{}
	r.mu.Lock()
	for c := range r.calls {
		list = append(list, activeCommand{c.entry.Name, now.Sub(c.started).Microseconds()})
	}
	r.mu.Unlock()
	slices.SortFunc(list, func(a, b activeCommand) int { return cmp.Compare(b.Duration, a.Duration) })
	return list
}

// wait lets no call begin any more, and returns when the last has ended.
func (r *running) wait() {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.group.Wait()
}
