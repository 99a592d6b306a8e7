package rpc

import (
	"context"
	"net/http"
)

// answer writes the answer to sc.body into sc.reply and returns the HTTP
// status.
func (s *Server) answer(ctx context.Context, sc *scratch) int {
	sc.reply.Reset()
	b := Value(sc.body)
	b = b[skipSpace(b, 0):]
	for len(b) > 0 && skipSpace(b, len(b)-1) == len(b) {
		b = b[:len(b)-1]
	}
	sc.call.resetRequest()
	if len(b) > 0 && validText(b) {
		switch b.Kind() {
		case KindObject:
			if sc.call.parseRequest(b) {
				return s.single(ctx, sc)
			}
		case KindArray:
			sc.items, sc.count = sc.items[:0], 0
			end, ok := scanItems(b, 0, 0, func(item Value) {
				if sc.count++; sc.count <= s.cfg.MaxBatch {
					sc.items = append(sc.items, item)
				}
			})
			if ok && end == len(b) {
				return s.batch(ctx, sc)
			}
		}
	}
	sc.call.resetRequest()
	return s.fail(sc, &Error{Code: CodeParse, Message: "Parse error"})
}

func (s *Server) fail(sc *scratch, e *Error) int {
	sc.call.failure = e
	_ = sc.reply.answer(&sc.call) // there is no result that could fail
	return httpStatus(e.Code)
}

// httpStatus is the status of an error in version 1 (Core: JSONErrorReply).
func httpStatus(code Code) int {
	switch code {
	case CodeInvalidRequest:
		return http.StatusBadRequest
	case CodeMethodNotFound:
		return http.StatusNotFound
	}
	return http.StatusInternalServerError
}

// single answers a request that is alone. Version 2 has status 200 for every
// error of the call, but 400 like version 1 for what is no request.
func (s *Server) single(ctx context.Context, sc *scratch) int {
	c := &sc.call
	if c.fault != nil {
		return s.fail(sc, c.fault)
	}
	c.entry = s.lookup(c.method)
	if c.entry == nil || !c.entry.Express {
		if !s.workers.take(ctx) {
			return http.StatusServiceUnavailable
		}
		defer s.workers.put()
	}
	code := s.execute(ctx, sc)
	switch {
	case c.forbidden:
		return http.StatusForbidden
	case c.notification:
		sc.reply.Reset()
		return http.StatusNoContent
	case code == 0 || c.version2:
		return http.StatusOK
	}
	return httpStatus(code)
}

// batch answers an array: each request in its place, notifications left out.
func (s *Server) batch(ctx context.Context, sc *scratch) int {
	if sc.count > s.cfg.MaxBatch {
		return s.fail(sc, Errorf(CodeInvalidRequest, "A batch holds at most %d requests, this one has %d", s.cfg.MaxBatch, sc.count))
	}
	if !s.workers.take(ctx) {
		return http.StatusServiceUnavailable
	}
	defer s.workers.put()
	c := &sc.call
	for _, item := range sc.items {
		if ctx.Err() != nil {
			break // nobody waits for the rest
		}
		before := sc.reply.Len()
		sc.reply.WriteByte(separator(before))
		c.resetRequest()
		c.parseRequest(item) // the whole batch has been scanned
		switch {
		case c.fault != nil:
			s.fail(sc, c.fault)
		case before > s.cfg.MaxAnswer:
			s.fail(sc, Errorf(CodeMisc, "The batch's answers are larger than %d bytes: ask for the rest in another", s.cfg.MaxAnswer))
		default:
			c.entry = s.lookup(c.method)
			s.execute(ctx, sc)
		}
		if c.notification {
			sc.reply.Truncate(before)
		}
	}
	switch {
	case sc.reply.Len() > 0:
		sc.reply.WriteByte(']')
	case len(sc.items) > 0:
		return http.StatusNoContent
	default:
		sc.reply.WriteString("[]")
	}
	return http.StatusOK
}

func separator(written int) byte {
	if written == 0 {
		return '['
	}
	return ','
}

// lookup finds a method by its quoted name.
func (s *Server) lookup(method Value) *entry {
	if e := s.table.byName[string(method[1:len(method)-1])]; e != nil {
		return e
	}
	return s.table.byName[unquote(method)]
}

// execute runs the request in sc.call, which is a valid one, and writes its
// answer. It returns the code of the error, 0 for none.
func (s *Server) execute(ctx context.Context, sc *scratch) Code {
	c := &sc.call
	s.perform(ctx, c)
	if err := sc.reply.answer(c); err != nil {
		s.deps.Log.Error("a result cannot be written as JSON", "method", c.entry.Name, "error", err)
		s.fail(sc, errInternal)
	}
	if c.failure != nil {
		return c.failure.Code
	}
	return 0
}

// perform runs the request if it may be run.
func (s *Server) perform(ctx context.Context, c *Call) {
	switch {
	case c.entry == nil:
		c.failure = &Error{Code: CodeMethodNotFound, Message: "Method not found"}
		return
	case c.user.may&c.entry.Permission == 0:
		c.forbidden = true
		c.failure = Errorf(CodeMisc, "User %s may not call %s: it needs the permission %s", c.user.name, c.entry.Name, c.entry.Permission)
		return
	}
	if doing := s.deps.Warmup(); doing != "" && !(c.entry.Express && c.entry.Category == "control") {
		c.failure = &Error{Code: CodeWarmup, Message: doing}
		return
	}
	if c.failure = c.bind(); c.failure != nil {
		return
	}
	if !s.running.begin(c) {
		c.failure = Errorf(CodeNotConnected, "Shutting down")
		return
	}
	defer s.running.end(c)
	s.calls.run(ctx, c)
}
