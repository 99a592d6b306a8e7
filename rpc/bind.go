package rpc

import (
	"fmt"
	"strings"
)

// bind turns the params of a request into one arg for each parameter of the
// method, as Core does: the count, then the JSON types of all, then each value.
func (c *Call) bind() *Error {
	if c.params.Kind() == KindObject {
		if err := c.positionNamed(); err != nil {
			return err
		}
	}
	e := c.entry
	if len(c.items) < e.required || len(c.items) > len(e.Params) {
		return &Error{Code: CodeMisc, Message: e.Help()}
	}
	c.args = append(c.args, e.defaults...)
	for i, v := range c.items {
		if v.Kind() != KindNull || e.Params[i].Required {
			c.args[i].value = v
		}
	}
	if err := c.checkTypes(); err != nil {
		return err
	}
	for i := range c.args {
		if a := &c.args[i]; len(a.value) > 0 {
			if err := a.read(&e.Params[i]); err != nil {
				return asError(err)
			}
		}
	}
	return nil
}

// checkTypes reports every parameter of a wrong type at once, in the words of
// Core's RPCHelpMan::HandleRequest.
func (c *Call) checkTypes() *Error {
	var wrong []string
	for i := range c.args {
		want := paramTypes[c.entry.Params[i].Type].kind
		if v := c.args[i].value; len(v) > 0 && want != "" && v.Kind() != want {
			wrong = append(wrong, fmt.Sprintf("    \"Position %d (%s)\": \"JSON value of type %s is not of expected type %s\"",
				i+1, c.entry.Params[i].Name, v.Kind(), want))
		}
	}
	if wrong == nil {
		return nil
	}
	return Errorf(CodeType, "Wrong type passed:\n{\n%s\n}", strings.Join(wrong, ",\n"))
}

func (a *arg) read(p *Param) (err error) {
	switch p.Type {
	case HashParam:
		a.hash, err = a.value.Hash(p.called())
	case IntParam:
		a.num, err = a.value.within(p.Range)
	case AmountParam:
		var amount Amount
		amount, err = a.value.Amount()
		a.num = int64(amount)
	case BoolParam, VerbosityParam:
		if a.value.Kind() != KindBool {
			a.num, err = a.value.within(int32Range)
			break
		}
		a.num = 0
		if a.value[0] == 't' {
			a.num = 1
		}
	case ArrayParam:
		_, err = a.value.Items() // their number
	case ObjectParam, OptionsParam:
		_, err = a.value.Members()
	case HeightOrHash:
		switch a.value.Kind() {
		case KindNumber:
			a.num, err = a.value.Int()
		case KindString:
		default:
			err = Errorf(CodeType, "JSON value of type %s is not of expected type string or number", a.value.Kind())
		}
	}
	return err
}

// positionNamed puts named parameters into their positions (Core:
// transformNamedArguments). The member "args" holds the positional rest, as
// bitcoin-cli -named sends it.
func (c *Call) positionNamed() *Error {
	named, err := c.readNamed()
	if err != nil {
		return err
	}
	positional, hasArgs := Value(nil), false
	first, last := -1, -1
	slots := make([]Value, len(c.entry.Params))
	for _, m := range named {
		i := c.position(m.Key)
		switch {
		case i < 0 && m.Key == "args":
			positional, hasArgs = m.Value, true
			continue
		case i < 0:
			return Errorf(CodeParameter, "Unknown named parameter %s", shorten(m.Key))
		case slots[i] != nil:
			return Errorf(CodeParameter, "Parameter %s specified multiple times", m.Key)
		}
		slots[i] = m.Value
		if first < 0 || i < first {
			first = i
		}
		last = max(last, i)
	}
	c.items = c.items[:0]
	if hasArgs {
		items, err := positional.Items()
		if err != nil {
			return asError(err)
		}
		if first >= 0 && first < len(items) {
			return Errorf(CodeParameter, "Parameter %s specified twice both as positional and named argument", c.entry.Params[first].Name)
		}
		c.items = append(c.items, items...)
	}
	for i := len(c.items); i <= last; i++ {
		v := slots[i]
		if v == nil {
			v = Value("null")
		}
		c.items = append(c.items, v)
	}
	return nil
}

// readNamed reads the object and gathers members that belong into an options
// object.
func (c *Call) readNamed() ([]Member, *Error) {
	all, err := c.params.Members()
	if err != nil {
		return nil, asError(err)
	}
	named := all[:0:0]
	options := map[int][]byte{}
	seen := make(map[string]bool, len(all))
	for _, m := range all {
		if seen[m.Key] {
			return nil, Errorf(CodeParameter, "Parameter %s specified multiple times", shorten(m.Key))
		}
		seen[m.Key] = true
		i, isOption := c.entry.options[m.Key]
		if !isOption {
			named = append(named, m)
			continue
		}
		if options[i] == nil {
			options[i] = []byte{'{'}
		} else {
			options[i] = append(options[i], ',')
		}
		options[i] = append(append(append(quote(options[i], m.Key), ':'), m.Value...), ' ')
	}
	for i := range c.entry.Params {
		if options[i] == nil {
			continue
		}
		p := &c.entry.Params[i]
		if seen[p.First()] {
			return nil, Errorf(CodeParameter, "Parameter %s conflicts with its own members", p.First())
		}
		options[i][len(options[i])-1] = '}'
		named = append(named, Member{p.First(), Value(options[i])})
	}
	return named, nil
}

func (c *Call) position(name string) int {
	for i, names := range c.entry.names {
		if contains(names, name) {
			return i
		}
	}
	return -1
}
