package rpc

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// scratch is what one HTTP request works with; it is used again by later ones.
type scratch struct {
	body  []byte
	reply *reply
	call  Call
	items []Value // of a batch
	count int     // of them, also of those beyond MaxBatch
}

// ServeHTTP answers one HTTP request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			s.deps.Log.Error("the RPC front panicked", "panic", p, "stack", string(debug.Stack()))
			refuse(w, http.StatusInternalServerError, "")
		}
	}()
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		c.served.Store(true)
	}
	wallet, toWallet := strings.CutPrefix(r.URL.Path, "/wallet/")
	if !toWallet {
		wallet = ""
	}
	switch {
	case !s.hostAllowed(r.Host):
		refuse(w, http.StatusForbidden, "This host name is not known here: add it to rpc.hosts")
		return
	case !originAllowed(r):
		refuse(w, http.StatusForbidden, "Requests from pages of other sites are refused")
		return
	case r.URL.Path != "/" && !toWallet:
		refuse(w, http.StatusNotFound, "")
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "JSONRPC server handles only POST requests")
		return
	}
	user := s.authorize(w, r)
	if user == nil {
		return
	}
	sc, _ := s.scratch.Get().(*scratch)
	if sc == nil {
		sc = &scratch{reply: newReply(), body: make([]byte, 0, 1024)}
	}
	sc.call.table, sc.call.server, sc.call.stopping = s.table, s, s.stopping
	sc.call.user, sc.call.wallet, sc.call.toWallet = user, wallet, toWallet
	s.serve(w, r, sc)
	for _, f := range sc.call.after {
		f()
	}
	sc.call.after = nil
	if cap(sc.body) <= maxKept && sc.reply.Cap() <= maxKept {
		sc.call.resetRequest()
		clear(sc.items)
		s.scratch.Put(sc)
	}
}

// hostAllowed passes any IP address and the known names, whatever the port. A
// request of HTTP/1.0 may have no host; a browser always sends one.
func (s *Server) hostAllowed(host string) bool {
	if host == "" {
		return true
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return s.hosts[strings.ToLower(strings.TrimSuffix(host, "."))]
}

// originAllowed passes requests of programs, which send no Origin, and those of
// our own pages.
func originAllowed(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	scheme, host, ok := strings.Cut(origins[0], "://")
	return ok && len(origins) == 1 && (scheme == "http" || scheme == "https") && host != "" && strings.EqualFold(host, r.Host)
}

// authorize returns who sends the request, or answers 401. A wrong password
// costs time, during which nothing but the connection is held; a client that
// sent none is only told to.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) *credential {
	headers := r.Header["Authorization"]
	if len(headers) == 1 {
		if user := authenticate(s.known, headers[0]); user != nil {
			return user
		}
	}
	if len(headers) > 0 {
		timer := time.NewTimer(s.cfg.FailTime)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		case <-s.stopping:
		}
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="jsonrpc"`)
	refuse(w, http.StatusUnauthorized, "")
	return nil
}

// refuse answers what is no JSON-RPC.
func refuse(w http.ResponseWriter, status int, text string) {
	if text != "" {
		text += "\n"
	}
	h := w.Header()
	h["Content-Type"] = []string{"text/plain"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

var (
	errBodyTooLarge = errors.New("body too large")
	errBusy         = errors.New("busy")
)

// lingerTime bounds linger.
const lingerTime = time.Second

// linger sends the answer and then reads on for a while: a client that is still
// sending when its connection is closed sees a broken pipe instead of the answer.
func (s *Server) linger(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	if control.Flush() == nil && control.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.CopyN(io.Discard, r.Body, int64(s.cfg.MaxBody))
	}
}

// serve reads the body, answers it, and sends the answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, sc *scratch) {
	release, err := s.readBody(r, sc)
	defer release()
	switch {
	case errors.Is(err, errBodyTooLarge):
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusRequestEntityTooLarge, "The request is larger than "+strconv.Itoa(s.cfg.MaxBody)+" bytes")
		s.linger(w, r)
		return
	case errors.Is(err, errBusy):
		refuse(w, http.StatusServiceUnavailable, "Work queue depth exceeded")
		return
	case err != nil:
		w.Header().Set("Connection", "close")
		refuse(w, http.StatusBadRequest, "The request's body did not arrive")
		return
	}
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		// The deadline was for the request; when it passes, net/http would
		// cancel a call that takes its time.
		_ = c.SetReadDeadline(time.Time{})
	}
	status := s.answer(r.Context(), sc)
	switch status {
	case http.StatusServiceUnavailable:
		refuse(w, status, "Work queue depth exceeded")
		return
	case http.StatusNoContent:
		w.WriteHeader(status)
		return
	}
	sc.reply.WriteByte('\n')
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(sc.reply.Len())}
	if sc.call.after != nil {
		h["Connection"] = []string{"close"}
	}
	w.WriteHeader(status)
	_, _ = w.Write(sc.reply.Bytes())
	if sc.call.after != nil {
		_ = http.NewResponseController(w).Flush()
	}
}

// jsonType has no charset: two clients compare the whole text.
var jsonType = []string{"application/json"}

// readBody reads the whole body into sc.body. Large ones need a slot, so that
// many together do not fill the memory.
func (s *Server) readBody(r *http.Request, sc *scratch) (release func(), err error) {
	release = func() {}
	if r.ContentLength > int64(s.cfg.MaxBody) {
		return release, errBodyTooLarge
	}
	sc.body = sc.body[:0]
	holds := false
	for {
		if !holds && len(sc.body) >= maxKept {
			if !s.large.take(r.Context()) {
				return release, errBusy
			}
			holds, release = true, s.large.put
		}
		if len(sc.body) == cap(sc.body) {
			room := min(2*cap(sc.body), s.cfg.MaxBody+1)
			if holds && int(r.ContentLength) >= room {
				room = int(r.ContentLength) + 1 // one more, to meet the end
			}
			grown := make([]byte, len(sc.body), room)
			copy(grown, sc.body)
			sc.body = grown
		}
		n, err := r.Body.Read(sc.body[len(sc.body):cap(sc.body)])
		sc.body = sc.body[:len(sc.body)+n]
		switch {
		case len(sc.body) > s.cfg.MaxBody:
			return release, errBodyTooLarge
		case err == io.EOF:
			return release, nil
		case err != nil:
			return release, err
		}
	}
}
