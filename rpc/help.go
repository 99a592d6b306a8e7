package rpc

import (
	"fmt"
	"strings"
)

// Help is the list of all methods by category, or the whole text of one, in
// Core's layout, which explorers parse.
func (t *Table) Help(command string) string {
	if command != "" {
		if e := t.byName[command]; e != nil {
			return e.Help()
		}
		return "help: unknown command: " + shorten(command)
	}
	var b strings.Builder
	category := ""
	for _, e := range t.sorted {
		if e.Hidden {
			continue
		}
		if e.Category != category {
			if category != "" {
				b.WriteByte('\n')
			}
			category = e.Category
			fmt.Fprintf(&b, "== %s ==\n", title(category))
		}
		b.WriteString(e.usage() + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// usage is the method with its parameters in one line.
func (m *Method) usage() string {
	line, optional := m.Name, false
	for i := range m.Params {
		p := &m.Params[i]
		if p.Hidden {
			break
		}
		switch {
		case p.Required && optional:
			line += " )"
			optional = false
		case !p.Required && !optional:
			line += " ("
			optional = true
		}
		line += " " + p.short()
	}
	if optional {
		line += " )"
	}
	return line
}

// short is the parameter as the usage line shows it.
func (p *Param) short() string {
	switch p.Type {
	case StringParam, HashParam, HexParam:
		return `"` + p.First() + `"`
	case ArrayParam:
		items := ""
		for i := range p.Inner {
			items += p.Inner[i].short() + ","
		}
		return "[" + items + "...]"
	case ObjectParam, OptionsParam:
		var members []string
		for i := range p.Inner {
			members = append(members, p.Inner[i].pair(":"))
		}
		if p.UserKeys || p.Type == OptionsParam {
			members = append(members, "...")
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	return p.First()
}

// pair is the parameter as a member of an object.
func (p *Param) pair(colon string) string {
	key := `"` + p.First() + `"` + colon
	switch p.Type {
	case StringParam:
		return key + `"str"`
	case HashParam, HexParam:
		return key + `"hex"`
	case AmountParam:
		return key + "amount"
	case BoolParam:
		return key + "bool"
	case ArrayParam, ObjectParam, OptionsParam:
		return key + p.short()
	}
	return key + "n"
}

// describe is the type, whether it must be there, and the text.
func (p *Param) describe() string {
	s := "(" + paramTypes[p.Type].help
	switch def := p.defaultText(); {
	case p.Required:
		s += ", required"
	case def != "":
		s += ", optional, default=" + def
	default:
		s += ", optional"
	}
	s += ")"
	if p.Type == OptionsParam {
		s += " Its members may also be given as named parameters."
	}
	return strings.TrimSpace(s + " " + p.Doc)
}

// Help is the whole text about the method.
func (m *Method) Help() string {
	var b strings.Builder
	b.WriteString(m.usage() + "\n\n" + strings.TrimSpace(m.Doc) + "\n")
	var arguments columns
	for i := range m.Params {
		p := &m.Params[i]
		if p.Hidden {
			break
		}
		arguments.add(fmt.Sprintf("%d. %s", i+1, p.First()), p.describe())
		p.inside(&arguments, "     ", "", "", "")
	}
	if len(arguments) > 0 {
		b.WriteString("\nArguments:\n" + arguments.String())
	}
	results := []Schema{m.Result}
	if m.Result.Kind == KindOneOf && m.Result.Inner[0].Condition != "" {
		results = m.Result.Inner
	}
	for i := range results {
		heading := "Result"
		if results[i].Condition != "" {
			heading += " (" + results[i].Condition + ")"
		}
		var c columns
		results[i].draw(&c, "", "", "")
		b.WriteString("\n" + heading + ":\n" + c.String())
	}
	b.WriteString("\nExamples:\n" + m.examples())
	return b.String()
}

// inside draws what an array or object parameter holds; right and comma belong
// to its brackets, key to the first of them.
func (p *Param) inside(c *columns, indent, key, right, comma string) {
	if len(p.Inner) == 0 {
		return
	}
	brackets := "{}"
	if p.Type == ArrayParam {
		brackets = "[]"
	}
	c.add(indent+key+brackets[:1], right)
	for i := range p.Inner {
		in, inKey, left := &p.Inner[i], "", p.Inner[i].short()
		if p.Type != ArrayParam {
			inKey, left = `"`+in.First()+`": `, in.pair(": ")
		}
		if len(in.Inner) > 0 {
			in.inside(c, indent+"  ", inKey, in.describe(), ",")
		} else {
			c.add(indent+"  "+left+",", in.describe())
		}
	}
	if p.Type == ArrayParam || p.UserKeys {
		c.add(indent+"  ...", "")
	}
	c.add(indent+brackets[1:]+comma, "")
}

// draw writes the schema as a commented sample of the answer.
func (s *Schema) draw(c *columns, indent, key, comma string) {
	describe := func(kind string) string {
		if s.Nullable {
			kind += " or null"
		}
		if s.Optional {
			kind += ", optional"
		}
		return strings.TrimSpace("(" + kind + ") " + s.Doc)
	}
	inner := func(open, end, kind string, keyed, more bool) {
		c.add(indent+key+open, describe(kind))
		for i := range s.Inner {
			in, inKey, inComma := &s.Inner[i], "", ","
			if keyed {
				inKey = `"` + in.Name + `" : `
			}
			if !more && i == len(s.Inner)-1 {
				inComma = ""
			}
			in.draw(c, indent+"  ", inKey, inComma)
		}
		if more {
			c.add(indent+"  ...", "")
		}
		c.add(indent+end+comma, "")
	}
	switch s.Kind {
	case KindRecord:
		inner("{", "}", "json object", true, false)
	case KindDictionary:
		inner("{", "}", "json object", true, true)
	case KindList:
		inner("[", "]", "json array", false, true)
	case KindOneOf:
		c.add(indent+key+"one of"+comma, describe("several types"))
		for i := range s.Inner {
			s.Inner[i].draw(c, indent+"  ", "", "")
		}
	case KindAnything:
		c.add(indent+key+"any"+comma, describe("any"))
	default:
		c.add(indent+key+leaves[s.Kind].sample+comma, describe(leaves[s.Kind].help))
	}
}

// examples shows the call on the command line and over HTTP.
func (m *Method) examples() string {
	params := m.Example
	if params == "" {
		params = "[]"
	}
	words := ""
	items, _ := Value(params).Items() // the table's test checks it
	for _, item := range items {
		words += " " + shellWord(item)
	}
	return fmt.Sprintf("> orrery cli %s%s\n", m.Name, words) +
		fmt.Sprintf(`> curl --user "$(cat data/.cookie)" --data-binary '{"jsonrpc": "2.0", "id": "curltest", "method": %q, "params": %s}' http://127.0.0.1:18443/`,
			m.Name, strings.ReplaceAll(params, "'", `'\''`)) + "\n"
}

// shellWord writes an argument as a shell takes it.
func shellWord(v Value) string {
	text := string(v)
	if v.Kind() == KindString {
		text = unquote(v)
		if text != "" && !strings.ContainsAny(text, " \t\n'\"\\$*?[]{}()<>|&;~#!`=") {
			return text
		}
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(text) + `"`
	}
	if v.Kind() == KindArray || v.Kind() == KindObject {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return text
}

// columns are lines of a left and a right part; the right parts are aligned.
type columns [][2]string

func (c *columns) add(left, right string) { *c = append(*c, [2]string{left, right}) }

func (c columns) String() string {
	width := 0
	for _, line := range c {
		width = max(width, len(line[0]))
	}
	width += 4
	var b strings.Builder
	for _, line := range c {
		left, right := line[0], line[1]
		if right != "" {
			left += strings.Repeat(" ", width-len(left))
			right = strings.ReplaceAll(right, "\n", "\n"+strings.Repeat(" ", width))
		}
		b.WriteString(left + right + "\n")
	}
	return b.String()
}
