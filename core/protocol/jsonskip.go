package protocol

import "bytes"

// skip passes any value and returns its bytes. What is in its strings and
// numbers is not looked at.
func (r *reader) skip() []byte {
	r.space()
	start := r.i
	r.pass(0)
	if r.err != nil {
		return nil
	}
	return r.b[start:r.i:r.i]
}

// pass passes the value inside of depth brackets.
func (r *reader) pass(depth int) {
	if depth > maxDepth {
		r.fail(FaultSize, "more than %d levels of nesting", maxDepth)
	}
	switch c := r.next(); {
	case r.err != nil:
	case c == '"':
		r.rawString("value")
	case c == '{':
		r.items('}', func() {
			r.rawString("name of a member")
			r.want(':', "a colon is missing")
			r.pass(depth + 1)
		})
	case c == '[':
		r.items(']', func() { r.pass(depth + 1) })
	default:
		r.scalar()
	}
}

// items passes what is between brackets.
func (r *reader) items(closing byte, item func()) {
	r.i++
	if r.take(closing) {
		return
	}
	for r.err == nil {
		if item(); r.take(closing) {
			return
		}
		r.want(',', "a comma or a bracket is missing")
	}
}

// scalar passes true, false, null or a number.
func (r *reader) scalar() {
	for _, word := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(r.b[r.i:], []byte(word)) {
			r.i += len(word)
			return
		}
	}
	start := r.i
	for r.i < len(r.b) && bytes.IndexByte([]byte("0123456789+-.eE"), r.b[r.i]) >= 0 {
		r.i++
	}
	if r.i == start {
		r.malformed("a value is missing")
	}
}
