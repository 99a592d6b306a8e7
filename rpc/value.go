package rpc

import (
	"encoding/hex"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// Value is one JSON value of a request, already checked. It lies in the
// request's buffer: a handler keeps what it reads from it, never the Value.
// An empty Value is one that was left out.
type Value []byte

// Kind is the JSON type of a value, in the words of Core's error texts.
type Kind string

// The JSON types.
const (
	KindNull   Kind = "null"
	KindBool   Kind = "bool"
	KindNumber Kind = "number"
	KindString Kind = "string"
	KindArray  Kind = "array"
	KindObject Kind = "object"
)

// Kind returns the type; a value left out is null.
func (v Value) Kind() Kind {
	if len(v) == 0 {
		return KindNull
	}
	switch v[0] {
	case '"':
		return KindString
	case '{':
		return KindObject
	case '[':
		return KindArray
	case 't', 'f':
		return KindBool
	case 'n':
		return KindNull
	}
	return KindNumber
}

func (v Value) expect(want Kind) error {
	if got := v.Kind(); got != want {
		return Errorf(CodeType, "JSON value of type %s is not of expected type %s", got, want)
	}
	return nil
}

// Text reads a string; -3 for anything else.
func (v Value) Text() (string, error) {
	if err := v.expect(KindString); err != nil {
		return "", err
	}
	return unquote(v), nil
}

// Int reads an integer: -3 if it is not a number, -1 with Core's text if it
// does not fit 64 bits or has a fraction.
func (v Value) Int() (int64, error) {
	if err := v.expect(KindNumber); err != nil {
		return 0, err
	}
	n, ok := integer(v)
	if !ok {
		return 0, errIntRange
	}
	return n, nil
}

// within reads an integer of a smaller type; one that does not fit is -1 too.
func (v Value) within(r intRange) (int64, error) {
	n, err := v.Int()
	if err == nil && r != (intRange{}) && (n < r.least || n > r.most) {
		return 0, errIntRange
	}
	return n, err
}

var errIntRange = &Error{Code: CodeMisc, Message: "JSON integer out of range"}

// Bool reads true or false; -3 for anything else.
func (v Value) Bool() (bool, error) {
	return v.Kind() == KindBool && v[0] == 't', v.expect(KindBool)
}

// Amount reads coins, sent as 0.5, 2e-08 or "0.5"; -3 for anything else.
func (v Value) Amount() (Amount, error) {
	switch v.Kind() {
	case KindNumber:
		return ParseAmount(string(v))
	case KindString:
		return ParseAmount(unquote(v))
	}
	return 0, Errorf(CodeType, "Amount is not a number or string")
}

// Fixed reads a number, or a string that holds one, as an exact count of
// 10^-decimals: Fixed(3) of 1.5 is 1500. -3 for anything else.
func (v Value) Fixed(decimals int) (int64, error) {
	b := []byte(v)
	if v.Kind() == KindString {
		b = []byte(unquote(v))
	}
	n, err := parseFixed(b, decimals)
	if err != nil {
		return 0, Errorf(CodeType, "Invalid amount")
	}
	return n, nil
}

// Hash reads a hash or transaction id in the byte order that people see. name
// is what the error calls it (Core: ParseHashV, -8).
func (v Value) Hash(name string) (chainhash.Hash, error) {
	if err := v.expect(KindString); err != nil {
		return chainhash.Hash{}, err
	}
	return parseHash(name, unquote(v))
}

func parseHash(name, text string) (h chainhash.Hash, err error) {
	if len(text) != 2*len(h) {
		return h, Errorf(CodeParameter, "%s must be of length %d (not %d, for '%s')", name, 2*len(h), len(text), shorten(text))
	}
	if _, err := hex.Decode(h[:], []byte(text)); err != nil {
		return h, Errorf(CodeParameter, "%s must be hexadecimal string (not '%s')", name, shorten(text))
	}
	for i, j := 0, len(h)-1; i < j; i, j = i+1, j-1 {
		h[i], h[j] = h[j], h[i]
	}
	return h, nil
}

// Hex reads a string of hexadecimal digits as bytes. name is what the error
// calls it (Core: ParseHexV, -8).
func (v Value) Hex(name string) ([]byte, error) {
	if err := v.expect(KindString); err != nil {
		return nil, err
	}
	text := unquote(v)
	b, err := hex.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil, Errorf(CodeParameter, "%s must be hexadecimal string (not '%s')", name, shorten(text))
	}
	return b, nil
}

// shorten keeps an error from repeating a whole block.
func shorten(text string) string {
	const most = 200 // bytes of bad input that a message repeats
	if len(text) <= most {
		return text
	}
	return text[:most] + "..."
}

// maxItems bounds the items of one array and the members of one object: more
// than a block has outputs.
const maxItems = 250_000

func errTooMany() error {
	return Errorf(CodeParameter, "Too many items: at most %d in an array or object", maxItems)
}

// Items reads an array; -3 for anything else.
func (v Value) Items() ([]Value, error) {
	if err := v.expect(KindArray); err != nil {
		return nil, err
	}
	items := []Value{}
	n := 0
	scanItems(v, 0, 0, func(item Value) {
		if n++; n <= maxItems {
			items = append(items, item)
		}
	})
	if n > maxItems {
		return nil, errTooMany()
	}
	return items, nil
}

// Member is one key and value of an object.
type Member struct {
	Key   string
	Value Value
}

// Members reads an object in its own order, with keys that occur twice left
// in; -3 for anything else.
func (v Value) Members() ([]Member, error) {
	if err := v.expect(KindObject); err != nil {
		return nil, err
	}
	members := []Member{}
	n := 0
	scanMembers(v, 0, 0, func(key, value Value) {
		if n++; n <= maxItems {
			members = append(members, Member{unquote(key), value})
		}
	})
	if n > maxItems {
		return nil, errTooMany()
	}
	return members, nil
}

// Object is an object whose keys are all known and none twice.
type Object []Member

// Object reads an object. A key that is not among known is -3 with Core's text
// (RPCTypeCheckObj, strict); a key that occurs twice is -8.
func (v Value) Object(known ...string) (Object, error) {
	members, err := v.Members()
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		if seen[m.Key] {
			return nil, Errorf(CodeParameter, "Parameter %s specified multiple times", shorten(m.Key))
		}
		seen[m.Key] = true
		if !contains(known, m.Key) {
			return nil, Errorf(CodeType, "Unexpected key %s", shorten(m.Key))
		}
	}
	return members, nil
}

// Get returns the value of a key; what is missing or null is the empty Value.
func (o Object) Get(key string) Value {
	for _, m := range o {
		if m.Key == key && m.Value.Kind() != KindNull {
			return m.Value
		}
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}
