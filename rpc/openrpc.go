package rpc

import (
	"bytes"
	"encoding/json"
	"strings"
)

// OpenRPC describes all methods as an OpenRPC 1.3 document
// (https://spec.open-rpc.org).
func (t *Table) OpenRPC(version string) any {
	methods := []any{}
	for _, e := range t.sorted {
		if !e.Hidden {
			methods = append(methods, e.openRPC())
		}
	}
	return ordered{
		{"openrpc", "1.3.2"},
		{"info", ordered{
			{"title", "Orrery JSON-RPC"},
			{"description", "Bitcoin Core's JSON-RPC, and what Orrery adds."},
			{"version", version},
		}},
		{"methods", methods},
	}
}

func (m *Method) openRPC() any {
	params := []any{}
	for i := range m.Params {
		if p := &m.Params[i]; !p.Hidden {
			params = append(params, ordered{
				{"name", p.First()}, {"description", p.describe()}, {"required", p.Required}, {"schema", p.jsonSchema()},
			})
		}
	}
	return ordered{
		{"name", m.Name},
		{"summary", m.Summary()},
		{"description", strings.TrimSpace(m.Doc)},
		{"tags", []any{ordered{{"name", m.Category}}}},
		{"paramStructure", "either"},
		{"params", params},
		{"result", ordered{{"name", "result"}, {"description", m.Result.Doc}, {"schema", m.Result.jsonSchema()}}},
		{"examples", []any{m.openExample()}},
		{"x-permission", m.Permission.String()},
	}
}

func (m *Method) openExample() any {
	params := []any{}
	if m.Example != "" {
		items, _ := Value(m.Example).Items() // the table's test checks it
		for i, item := range items {
			params = append(params, ordered{{"name", m.Params[i].First()}, {"value", json.RawMessage(item)}})
		}
	}
	return ordered{{"name", m.Name}, {"params", params}}
}

func (p *Param) jsonSchema() any {
	s := fromJSON(paramTypes[p.Type].schema)
	switch p.Type {
	case ArrayParam:
		if len(p.Inner) == 1 {
			s = append(s, pair{"items", p.Inner[0].jsonSchema()})
		}
	case ObjectParam, OptionsParam:
		properties, required := ordered{}, []string{}
		for i := range p.Inner {
			in := &p.Inner[i]
			properties = append(properties, pair{in.First(), in.jsonSchema()})
			if in.Required {
				required = append(required, in.First())
			}
		}
		if !p.UserKeys && len(properties) > 0 {
			s = append(s, pair{"properties", properties})
			if len(required) > 0 {
				s = append(s, pair{"required", required})
			}
		}
	}
	if p.Default != nil {
		s = append(s, pair{"default", p.Default})
	}
	return s
}

func (s *Schema) jsonSchema() any {
	var out ordered
	switch s.Kind {
	case KindAnything:
	case KindRecord:
		properties, required := ordered{}, []string{}
		for i := range s.Inner {
			properties = append(properties, pair{s.Inner[i].Name, s.Inner[i].jsonSchema()})
			if !s.Inner[i].Optional {
				required = append(required, s.Inner[i].Name)
			}
		}
		out = ordered{{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}}
	case KindDictionary:
		out = ordered{{"type", "object"}, {"additionalProperties", s.Inner[0].jsonSchema()}}
	case KindList:
		out = ordered{{"type", "array"}, {"items", s.Inner[0].jsonSchema()}}
	case KindOneOf:
		var forms []any
		for i := range s.Inner {
			forms = append(forms, s.Inner[i].jsonSchema())
		}
		out = ordered{{"anyOf", forms}}
	default:
		out = fromJSON("{" + leaves[s.Kind].schema + "}")
	}
	if doc := strings.TrimSpace(s.Condition + " " + s.Doc); doc != "" {
		out = append(out, pair{"description", doc})
	}
	if s.Nullable {
		return ordered{{"anyOf", []any{out, ordered{{"type", "null"}}}}}
	}
	return out
}

// ordered is a JSON object that keeps the order of its members.
type ordered []pair

type pair struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := marshalPlain(p.value)
		if err != nil {
			return nil, err
		}
		b.Write(quote(nil, p.key))
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// fromJSON reads an object that is written down in this package.
func fromJSON(text string) (o ordered) {
	members, _ := Value(text).Members()
	for _, m := range members {
		o = append(o, pair{m.Key, json.RawMessage(m.Value)})
	}
	return o
}
