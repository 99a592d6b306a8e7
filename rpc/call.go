package rpc

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// Call is one method call while it runs. The accessors take a parameter's
// name from the method table and cannot fail: types and forms have been
// checked, defaults are filled in. Asking for a name or a type that the table
// does not have is a mistake in the program and panics.
type Call struct {
	table    *Table
	server   *Server
	user     *credential
	wallet   string
	toWallet bool
	stopping <-chan struct{}

	version2     bool
	notification bool
	id           Value // raw; empty if missing
	method       Value // quoted
	params       Value
	items        []Value // of params, if it is an array
	fault        *Error  // why this is not a valid request
	forbidden    bool    // the user may not call this method

	entry   *entry
	args    []arg
	started time.Time

	ctx     carrier
	in      bytes.Reader
	result  any
	failure *Error
	after   []func()
}

// arg is one bound parameter.
type arg struct {
	value Value  // as sent; empty if left out
	text  string // default of a text parameter
	num   int64  // integer, amount, boolean or verbosity
	hash  chainhash.Hash
}

// carrier takes the Call through go-jsonrpc to its handler.
type carrier struct {
	context.Context
	call *Call
}

type callKey struct{}

// Value returns the Call for callKey, everything else from the request.
func (c *carrier) Value(key any) any {
	if key == (callKey{}) {
		return c.call
	}
	return c.Context.Value(key)
}

// maxKept is how many bytes of a buffer are kept for the next request.
const maxKept = 64 << 10

// resetRequest forgets one request; what belongs to the connection and to the
// HTTP request stays.
func (c *Call) resetRequest() {
	clear(c.items)
	clear(c.args)
	c.version2, c.notification, c.forbidden = false, false, false
	c.id, c.method, c.params = nil, nil, nil
	c.items, c.args, c.fault, c.entry, c.result = c.items[:0], c.args[:0], nil, nil, nil
	c.failure = nil
}

func (c *Call) arg(name string, types ...ParamType) *arg {
	for i := range c.entry.names {
		if c.entry.names[i][0] != name {
			continue
		}
		if !slices.Contains(types, c.entry.Params[i].Type) {
			panic(fmt.Sprintf("%s: parameter %q is not of that type", c.entry.Name, name))
		}
		return &c.args[i]
	}
	panic(fmt.Sprintf("%s has no parameter %q", c.entry.Name, name))
}

// Has reports whether the parameter was given, null being the same as absent.
func (c *Call) Has(name string) bool { return c.Raw(name).Kind() != KindNull }

// Raw returns the parameter as it was sent, empty if left out.
func (c *Call) Raw(name string) Value {
	for i := range c.entry.names {
		if c.entry.names[i][0] == name {
			return c.args[i].value
		}
	}
	panic(fmt.Sprintf("%s has no parameter %q", c.entry.Name, name))
}

// Text returns a string parameter.
func (c *Call) Text(name string) string {
	a := c.arg(name, StringParam, HashParam, HexParam)
	if len(a.value) == 0 {
		return a.text
	}
	return unquote(a.value)
}

// Hash returns a hash parameter; the zero hash if left out.
func (c *Call) Hash(name string) chainhash.Hash { return c.arg(name, HashParam).hash }

// Hex returns the bytes of a HexParam, or -8 with Core's text.
func (c *Call) Hex(name string) ([]byte, error) {
	return c.arg(name, HexParam).value.Hex(name)
}

// Int returns an integer parameter.
func (c *Call) Int(name string) int64 { return c.arg(name, IntParam).num }

// Bool returns a boolean parameter.
func (c *Call) Bool(name string) bool { return c.arg(name, BoolParam).num != 0 }

// Amount returns an amount parameter in satoshi.
func (c *Call) Amount(name string) Amount { return Amount(c.arg(name, AmountParam).num) }

// Verbosity returns an integer parameter that may be sent as a boolean.
func (c *Call) Verbosity(name string) int64 { return c.arg(name, VerbosityParam).num }

// Items returns the items of an array parameter, none if left out.
func (c *Call) Items(name string) []Value {
	a := c.arg(name, ArrayParam)
	if len(a.value) == 0 {
		return nil
	}
	items, _ := a.value.Items() // type and length have been checked
	return items
}

// Members returns an object parameter in its own order, none if left out.
func (c *Call) Members(name string) []Member {
	a := c.arg(name, ObjectParam, OptionsParam)
	if len(a.value) == 0 {
		return nil
	}
	members, _ := a.value.Members() // type and length have been checked
	return members
}

// Object returns an object parameter whose keys must all be in the table and
// none twice (-3, -8); empty if left out.
func (c *Call) Object(name string) (Object, error) {
	a := c.arg(name, ObjectParam, OptionsParam)
	if len(a.value) == 0 {
		return nil, nil
	}
	i := slices.IndexFunc(c.entry.names, func(n []string) bool { return n[0] == name })
	var known []string
	for j := range c.entry.Params[i].Inner {
		known = append(known, c.entry.Params[i].Inner[j].Names()...)
	}
	return a.value.Object(known...)
}

// Wallet returns NAME if the call came over /wallet/NAME.
func (c *Call) Wallet() (name string, given bool) { return c.wallet, c.toWallet }

// User is who called: a user of the configuration, or "__cookie__".
func (c *Call) User() string { return c.user.name }

// Stopping is closed when the server begins to stop. A handler that waits for
// something ends its wait then and answers with what it has.
func (c *Call) Stopping() <-chan struct{} { return c.stopping }

// After runs f once the answer has been sent.
func (c *Call) After(f func()) { c.after = append(c.after, f) }
