package rpc

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Handler answers one call. It returns a value that encoding/json writes as
// the method's Result schema says, or an error, best an *Error. ctx ends when
// the client goes away or the server stops for good.
type Handler func(ctx context.Context, c *Call) (any, error)

// Permission is a set of what a user may do.
type Permission uint8

// The permissions; a method asks for exactly one.
const (
	PermRead   Permission = 1 << iota // look at the chain, the mempool, the node
	PermWallet                        // see and spend the wallet's money
	PermMine                          // make and submit blocks
	PermAdmin                         // change how the node runs
	PermAll    = PermRead | PermWallet | PermMine | PermAdmin
)

// String names the permissions, as in "read, wallet".
func (p Permission) String() string {
	var names []string
	for i, name := range []string{"read", "wallet", "mine", "admin"} {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// Method is one row of the method table.
type Method struct {
	Name     string
	Category string // lower case, as "blockchain"; help groups by it
	Doc      string // the first line stands alone as the summary
	Params   []Param
	Result   Schema
	// Example is a JSON array of positional parameters; "" is none.
	Example    string
	Permission Permission
	// Wallet methods choose their wallet by the path /wallet/NAME.
	Wallet bool
	// Express methods are short and are answered even when every worker is
	// busy, so that a node can always be asked what it does, and stopped.
	Express bool
	Hidden  bool // left out of the list of help and of the documentation
	Handler Handler
}

// Summary is the first line of Doc.
func (m *Method) Summary() string {
	line, _, _ := strings.Cut(strings.TrimSpace(m.Doc), "\n")
	return line
}

// ParamType says which JSON a parameter takes.
type ParamType uint8

// The parameter types.
const (
	StringParam    ParamType = iota
	HashParam                // 64 hexadecimal digits
	HexParam                 // hexadecimal digits; the handler decodes them
	IntParam                 // an integer of 64 bits
	NumberParam              // any number; the handler reads it
	BoolParam                // true or false
	AmountParam              // coins as a number or string, eight decimals
	VerbosityParam           // an integer, or a boolean for 0 and 1
	HeightOrHash             // an integer or a string
	ArrayParam               // Inner describes the items
	ObjectParam              // Inner describes the members
	OptionsParam             // an object whose members may also be named parameters
	AnyParam                 // the handler reads it
)

// paramTypes holds what the type means for the JSON type check (empty: left to
// the handler), for help and for the command line.
var paramTypes = [...]struct {
	kind   Kind
	help   string
	schema string // JSON Schema
	cli    Conversion
}{
	StringParam:    {KindString, "string", `{"type":"string"}`, ConvertString},
	HashParam:      {KindString, "string", `{"type":"string","pattern":"^[0-9a-fA-F]{64}$"}`, ConvertDigits},
	HexParam:       {KindString, "string", `{"type":"string","pattern":"^([0-9a-fA-F]{2})*$"}`, ConvertDigits},
	IntParam:       {KindNumber, "numeric", `{"type":"integer"}`, ConvertJSON},
	NumberParam:    {KindNumber, "numeric", `{"type":"number"}`, ConvertJSON},
	BoolParam:      {KindBool, "boolean", `{"type":"boolean"}`, ConvertJSON},
	AmountParam:    {"", "numeric or string", `{"type":["number","string"]}`, ConvertJSON},
	VerbosityParam: {"", "numeric or boolean", `{"type":["integer","boolean"]}`, ConvertJSON},
	HeightOrHash:   {"", "string or numeric", `{"type":["string","integer"]}`, ConvertEither},
	ArrayParam:     {KindArray, "json array", `{"type":"array"}`, ConvertJSON},
	ObjectParam:    {KindObject, "json object", `{"type":"object"}`, ConvertJSON},
	OptionsParam:   {KindObject, "json object", `{"type":"object"}`, ConvertJSON},
	AnyParam:       {"", "any", `{}`, ConvertEither},
}

// Conversion says how a word on the command line becomes JSON.
type Conversion uint8

// The conversions of bitcoin-cli.
const (
	ConvertString Conversion = iota // the word is the string
	ConvertDigits                   // the same, but it cannot have "=" in it
	ConvertJSON                     // the word is JSON, or it is an error
	ConvertEither                   // JSON if it parses, else a string
)

// Param is one parameter, by position and by name.
type Param struct {
	// Name, with other accepted names after "|", as in "verbosity|verbose".
	Name string
	// Called is what an error about a hash calls it, where Core does not use
	// the name.
	Called   string
	Type     ParamType
	Required bool
	// Default is what the handler gets when the parameter is left out: a
	// string, bool, int or Amount as the type asks. nil: the zero value.
	Default any
	// Range is what Core's type for an IntParam holds; another number is -1. The
	// zero value stands for 64 bits.
	Range intRange
	// DefaultHint is shown where no one value is the default.
	DefaultHint string
	Doc         string
	Inner       []Param // items of an array, members of an object
	// UserKeys marks an object whose keys the user chooses; Inner shows one.
	UserKeys bool
	Hidden   bool // accepted, not shown
}

// intRange is from the least to the largest number, both included.
type intRange struct{ least, most int64 }

// The types that Core reads integers into.
var (
	int32Range  = intRange{math.MinInt32, math.MaxInt32}
	uint32Range = intRange{0, math.MaxUint32}
	uint64Range = intRange{0, math.MaxInt64} // what is more, no handler tells from it
)

// Names returns the name and its aliases.
func (p *Param) Names() []string { return strings.Split(p.Name, "|") }

// First returns the name without aliases.
func (p *Param) First() string {
	name, _, _ := strings.Cut(p.Name, "|")
	return name
}

// called is the parameter's name in an error about its value.
func (p *Param) called() string {
	if p.Called != "" {
		return p.Called
	}
	return p.First()
}

// entry is a method made ready for calls.
type entry struct {
	Method
	names    [][]string // of each parameter
	options  map[string]int
	required int   // parameters that must be there, by position
	defaults []arg // by position
	request  []byte
}

// Table is the method table.
type Table struct {
	byName map[string]*entry
	sorted []*entry // by category, then name
}

// NewTable checks the methods and makes them ready; an error is a mistake in
// the program.
func NewTable(methods []Method) (*Table, error) {
	t := &Table{byName: make(map[string]*entry, len(methods))}
	for _, m := range methods {
		e, err := newEntry(m)
		if err != nil {
			return nil, fmt.Errorf("method %q: %w", m.Name, err)
		}
		if t.byName[m.Name] != nil {
			return nil, fmt.Errorf("method %q is there twice", m.Name)
		}
		t.byName[m.Name] = e
		t.sorted = append(t.sorted, e)
	}
	slices.SortFunc(t.sorted, func(a, b *entry) int {
		return strings.Compare(a.Category+" "+a.Name, b.Category+" "+b.Name)
	})
	return t, nil
}

func newEntry(m Method) (*entry, error) {
	if m.Name == "" || m.Handler == nil {
		return nil, fmt.Errorf("it needs a name and a handler")
	}
	e := &entry{Method: m, defaults: make([]arg, len(m.Params)), options: map[string]int{}}
	seen := map[string]bool{}
	for i := range m.Params {
		p := &m.Params[i]
		names := p.Names()
		for _, name := range names {
			if name == "" || seen[name] {
				return nil, fmt.Errorf("parameter %q has no name or one that is taken", p.Name)
			}
			seen[name] = true
		}
		e.names = append(e.names, p.Names())
		if p.Required {
			e.required = i + 1
		}
		def, err := defaultArg(p)
		if err != nil {
			return nil, fmt.Errorf("parameter %q: %w", p.Name, err)
		}
		e.defaults[i] = def
	}
	for i := range m.Params {
		if m.Params[i].Type != OptionsParam {
			continue
		}
		for _, in := range m.Params[i].Inner {
			if !seen[in.First()] { // a positional parameter of that name wins
				e.options[in.First()] = i
			}
		}
	}
	// What go-jsonrpc gets: parameters and results do not pass through it.
	e.request = append(quote([]byte(`{"jsonrpc":"2.0","method":`), m.Name), '}')
	return e, nil
}

func defaultArg(p *Param) (arg, error) {
	var a arg
	ok := true
	switch d := p.Default.(type) {
	case nil:
	case string:
		a.text, ok = d, p.Type <= HexParam || p.Type == HeightOrHash || p.Type == AnyParam
	case bool:
		ok = p.Type == BoolParam || p.Type == VerbosityParam
		if d {
			a.num = 1
		}
	case int:
		a.num, ok = int64(d), p.Type == IntParam || p.Type == VerbosityParam
	case Amount:
		a.num, ok = int64(d), p.Type == AmountParam
	default:
		ok = false
	}
	if !ok {
		return a, fmt.Errorf("default %v does not fit its type", p.Default)
	}
	if p.Required && p.Default != nil {
		return a, fmt.Errorf("it is required and has a default")
	}
	return a, nil
}

// Methods returns the table's rows by category and name, hidden ones included.
func (t *Table) Methods() []*Method {
	rows := make([]*Method, len(t.sorted))
	for i, e := range t.sorted {
		rows[i] = &e.Method
	}
	return rows
}

// Positional says how bitcoin-cli converts the argument at a position, counted
// from 0. ok is false if the method or the position is unknown.
func (t *Table) Positional(method string, position int) (c Conversion, ok bool) {
	e := t.byName[method]
	if e == nil || position < 0 || position >= len(e.Params) {
		return ConvertString, false
	}
	return paramTypes[e.Params[position].Type].cli, true
}

// Named says how bitcoin-cli converts the argument of that name. ok is false
// if the method or the name is unknown.
func (t *Table) Named(method, name string) (c Conversion, ok bool) {
	e := t.byName[method]
	if e == nil {
		return ConvertString, false
	}
	if i, ok := e.options[name]; ok {
		for _, in := range e.Params[i].Inner {
			if in.First() == name {
				return paramTypes[in.Type].cli, true
			}
		}
	}
	for i, names := range e.names {
		if contains(names, name) {
			return paramTypes[e.Params[i].Type].cli, true
		}
	}
	return ConvertString, false
}

// defaultText is the default as help shows it.
func (p *Param) defaultText() string {
	switch d := p.Default.(type) {
	case nil:
		return p.DefaultHint
	case Amount:
		return d.String()
	default:
		b, _ := json.Marshal(d) // a string, bool or int never fails
		return string(b)
	}
}
