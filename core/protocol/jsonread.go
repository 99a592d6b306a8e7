package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"unicode/utf8"
)

const (
	// maxDepth bounds nesting. Messages need five levels; what is deeper sits in
	// a member that this version does not know, and is only skipped.
	maxDepth = 32
	// maxMembers bounds the members of an object that is understood, so that
	// looking for equal names costs little.
	maxMembers = 32
	// maxName bounds the name of a member in bytes.
	maxName = 64
)

// DecodeError tells why bytes are no message. Kind is FaultSize when a limit is
// exceeded, else FaultProtocol.
type DecodeError struct {
	Kind string
	What string // one line
}

func (e *DecodeError) Error() string { return e.What }

// reader goes once over JSON text. encoding/json is not used for messages: it
// matches names in any letter case, lets the last of two equal names win, and
// knows no limits before it has built everything.
//
// After the first error every method does nothing.
type reader struct {
	b   []byte
	i   int
	err *DecodeError

	scratch []byte // of data
}

func (r *reader) fail(kind, format string, args ...any) {
	if r.err == nil {
		r.err = &DecodeError{kind, fmt.Sprintf(format, args...)}
	}
}

func (r *reader) malformed(what string) {
	r.fail(FaultProtocol, "%s at byte %d of %d", what, r.i, len(r.b))
}

func (r *reader) space() {
	for r.i < len(r.b) {
		switch r.b[r.i] {
		case ' ', '\n', '\r', '\t':
			r.i++
		default:
			return
		}
	}
}

// next skips space and tells the byte that follows; 0 is the end.
func (r *reader) next() byte {
	r.space()
	if r.err != nil || r.i >= len(r.b) {
		return 0
	}
	return r.b[r.i]
}

// take reports whether c follows, and passes it.
func (r *reader) take(c byte) bool {
	if r.next() != c {
		return false
	}
	r.i++
	return true
}

func (r *reader) want(c byte, what string) bool {
	if r.err == nil && !r.take(c) {
		r.malformed(what)
	}
	return r.err == nil
}

// end wants nothing but space to follow.
func (r *reader) end() error {
	if r.next() != 0 || r.err == nil && r.i < len(r.b) {
		r.malformed("more than one value")
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

// object hands out the name of each member; yield reads the value.
func (r *reader) object(what string, yield func(name string)) {
	if !r.want('{', what+": an object is missing") || r.take('}') {
		return
	}
	var seen [maxMembers]string
	for n := 0; ; n++ {
		if n == maxMembers {
			r.fail(FaultSize, "%s: more than %d members", what, maxMembers)
			return
		}
		name := r.text(maxName, what+": the name of a member")
		if !r.want(':', what+": a colon is missing") {
			return
		}
		for _, s := range seen[:n] {
			if s == name {
				r.fail(FaultProtocol, "%s: member %q is there twice", what, name)
				return
			}
		}
		seen[n] = name
		if yield(name); r.take('}') {
			return
		}
		if !r.want(',', what+": a comma is missing") {
			return
		}
	}
}

// array lets yield read each item, of which there may be max.
func (r *reader) array(max int, what string, yield func()) {
	if !r.want('[', what+": an array is missing") || r.take(']') {
		return
	}
	for n := 0; ; n++ {
		if n == max {
			r.fail(FaultSize, "%s: more than %d", what, max)
			return
		}
		if yield(); r.take(']') {
			return
		}
		if !r.want(',', what+": a comma is missing") {
			return
		}
	}
}

// rawString reads a string and returns what is between the quotes, and whether
// escapes are in it.
func (r *reader) rawString(what string) (raw []byte, escaped bool) {
	if !r.want('"', what+": a string is missing") {
		return nil, false
	}
	start := r.i
	// Nearly all strings, and all large ones, have no escapes.
	n := bytes.IndexByte(r.b[start:], '"')
	if n >= 0 && bytes.IndexByte(r.b[start:start+n], '\\') < 0 {
		r.i += n + 1
		return r.b[start : start+n], false
	}
	for ; r.i < len(r.b); r.i++ {
		switch r.b[r.i] {
		case '\\':
			r.i++
		case '"':
			r.i++
			return r.b[start : r.i-1], true
		}
	}
	r.i = len(r.b)
	r.malformed(what + ": a string has no end")
	return nil, false
}

// bytesOf is the content of a string of at most max bytes with its escapes
// resolved.
func (r *reader) bytesOf(max int, what string) []byte {
	raw, escaped := r.rawString(what)
	if r.err == nil && escaped {
		raw = r.unescape(raw, max, what)
	}
	if r.err == nil && len(raw) > max {
		r.fail(FaultSize, "%s: %d bytes, at most %d are allowed", what, len(raw), max)
	}
	if r.err != nil {
		return nil
	}
	return raw
}

// unescape resolves escapes; one of a byte takes up to six, one of four bytes
// twelve.
func (r *reader) unescape(raw []byte, max int, what string) []byte {
	const longest = 6 // bytes of an escape for one of the result
	if len(raw) > longest*max {
		r.fail(FaultSize, "%s: more than %d bytes", what, max)
		return nil
	}
	quoted := make([]byte, 0, len(raw)+2)
	quoted = append(append(append(quoted, '"'), raw...), '"')
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		r.malformed(what + ": a string with a bad escape")
	}
	return []byte(s)
}

// text reads a string for people.
func (r *reader) text(max int, what string) string {
	raw := r.bytesOf(max, what)
	for _, c := range raw {
		if c < ' ' || c == 0x7f {
			r.fail(FaultProtocol, "%s: control characters", what)
			return ""
		}
	}
	if !utf8.Valid(raw) {
		r.fail(FaultProtocol, "%s: not UTF-8", what)
		return ""
	}
	return string(raw)
}

// integer reads a whole number within the bounds.
func (r *reader) integer(low, high int64, what string) int64 {
	const maxDigits = 19 // of an int64
	c := r.next()
	start := r.i
	if c == '-' {
		r.i++
	}
	digits := r.i
	var n uint64
	for ; r.i < len(r.b) && r.b[r.i] >= '0' && r.b[r.i] <= '9'; r.i++ {
		if r.i-digits == maxDigits {
			r.fail(FaultSize, "%s: the number is too large", what)
			return 0
		}
		n = n*10 + uint64(r.b[r.i]-'0')
	}
	if r.err != nil {
		return 0
	}
	if r.i == digits || r.b[digits] == '0' && r.i > digits+1 ||
		r.i < len(r.b) && (r.b[r.i] == '.' || r.b[r.i] == 'e' || r.b[r.i] == 'E') {
		r.malformed(what + ": a whole number is missing")
		return 0
	}
	if n > math.MaxInt64 {
		r.fail(FaultSize, "%s: the number is too large", what)
		return 0
	}
	v := int64(n)
	if digits > start {
		v = -v
	}
	if v < low || v > high {
		r.fail(FaultProtocol, "%s: %d is not within %d to %d", what, v, low, high)
		return 0
	}
	return v
}
