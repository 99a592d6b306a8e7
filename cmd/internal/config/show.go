package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shown is one value as people see it.
type Shown struct {
	Key    string
	Value  string // as TOML writes it; secrets hidden
	Source Source
	Unused string // what counts instead of a value that was set; "" where the value counts
}

// Origin says who set the value, or why it does not count.
func (s Shown) Origin() string {
	if s.Unused != "" {
		return "not used: " + s.Unused
	}
	return s.Source.String()
}

// Show lists the values of a key, of a section ("rpc") or with "" of all. It
// fails when there is no such name.
func (s *Settings) Show(name string) ([]Shown, error) {
	var out []Shown
	for _, k := range s.schema.keys {
		if k.kind == paramsKind {
			out = append(out, s.showParams(k)...)
			continue
		}
		one := Shown{Key: k.Name, Value: tomlText(k.value(&s.Config)), Source: s.Source(k.Name)}
		if one.Unused = s.unused(k.Name); one.Unused != "" {
			one.Value = tomlText("")
		}
		out = append(out, one)
	}
	if name == "" {
		return out, nil
	}
	out = slices.DeleteFunc(out, func(one Shown) bool {
		return one.Key != name && !strings.HasPrefix(one.Key, name+".")
	})
	_, known := s.schema.byName[name]
	if known || s.schema.section(strings.Split(name, ".")) { // perhaps an empty table of parameters
		return out, nil
	}
	if near := s.schema.nearest(name); near != "" {
		return nil, fmt.Errorf("no setting is called %s; did you mean %s?", quoteOdd(name), near)
	}
	return nil, fmt.Errorf("no setting is called %s; \"orrery config keys\" lists all", quoteOdd(name))
}

func (s *Settings) showParams(k Key) []Shown {
	params := k.value(&s.Config).(Params)
	var out []Shown
	for name, v := range params {
		key := k.Name + "." + name
		out = append(out, Shown{Key: key, Value: tomlText(v), Source: s.Source(key)})
	}
	slices.SortFunc(out, func(a, b Shown) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// tomlText writes a value as it could stand in the file.
func tomlText(v any) string {
	switch x := v.(type) {
	case string:
		return strconv.Quote(x)
	case Secret:
		if x == "" {
			return `""`
		}
		return hidden
	case Duration:
		return strconv.Quote(x.String())
	case []string:
		quoted := make([]string, len(x))
		for i, item := range x {
			quoted[i] = strconv.Quote(item)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Sprint(v)
}
