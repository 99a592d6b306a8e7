package config

import (
	"reflect"
	"regexp"
	"strings"
)

// kind is what a key takes.
type kind int

const (
	textKind kind = iota
	secretKind
	integerKind
	boolKind
	durationKind
	listKind
	paramsKind // a table of free keys
)

// String is the word for people, as in "must be a text".
func (k kind) String() string {
	return [...]string{"text", "text", "integer", "true|false", "duration", "list", "table"}[k]
}

// Key is one setting.
type Key struct {
	Name  string // "rpc.listen"
	Usage string
	kind  kind
	index []int // of the field in Config
}

// Type is the word for what the key takes: "text", "integer" …
func (k Key) Type() string { return k.kind.String() }

// Flag is the command line's form.
func (k Key) Flag() string { return "--" + k.Name }

// Env is the environment's form.
func (k Key) Env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "__"))
}

// Keys lists every setting in the order of the struct.
func Keys() []Key { return appendKeys(nil, "", nil, reflect.TypeFor[Config]()) }

func appendKeys(keys []Key, prefix string, index []int, t reflect.Type) []Key {
	for i := range t.NumField() {
		f := t.Field(i)
		name := prefix + f.Tag.Get("koanf")
		at := append(append([]int{}, index...), i)
		if f.Type.Kind() == reflect.Struct {
			keys = appendKeys(keys, name+".", at, f.Type)
			continue
		}
		keys = append(keys, Key{Name: name, Usage: f.Tag.Get("usage"), kind: kindOf(f.Type), index: at})
	}
	return keys
}

func kindOf(t reflect.Type) kind {
	switch t {
	case reflect.TypeFor[string]():
		return textKind
	case reflect.TypeFor[Secret]():
		return secretKind
	case reflect.TypeFor[int64](), reflect.TypeFor[Compact]():
		return integerKind
	case reflect.TypeFor[bool]():
		return boolKind
	case reflect.TypeFor[Duration]():
		return durationKind
	case reflect.TypeFor[[]string]():
		return listKind
	case reflect.TypeFor[Params]():
		return paramsKind
	}
	panic("config: no kind of key for " + t.String())
}

// value reads the key's field.
func (k Key) value(c *Config) any { return reflect.ValueOf(c).Elem().FieldByIndex(k.index).Interface() }

var paramName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// schema finds keys by name.
type schema struct {
	keys   []Key
	byName map[string]Key
}

func newSchema() schema {
	s := schema{keys: Keys(), byName: map[string]Key{}}
	for _, k := range s.keys {
		s.byName[k.Name] = k
	}
	return s
}

// find returns the key that path names; for a parameter of a script, the
// table's key with ok and the parameter's own name.
func (s schema) find(path []string) (k Key, param string, ok bool) {
	for _, part := range path {
		if !paramName.MatchString(part) { // also keeps dots out of names
			return Key{}, "", false
		}
	}
	if k, ok = s.byName[strings.Join(path, ".")]; ok {
		return k, "", true
	}
	last := len(path) - 1
	if last < 0 {
		return Key{}, "", false
	}
	k, ok = s.byName[strings.Join(path[:last], ".")]
	return k, path[last], ok && k.kind == paramsKind
}

// section reports whether some key starts with path.
func (s schema) section(path []string) bool {
	prefix := strings.Join(path, ".") + "."
	for _, k := range s.keys {
		if strings.HasPrefix(k.Name, prefix) {
			return true
		}
	}
	return false
}

// isParamTable reports whether path names a table of free keys.
func (s schema) isParamTable(path []string) bool {
	return s.byName[strings.Join(path, ".")].kind == paramsKind
}

// nearest returns the key or section most like name, or "" when none is close.
func (s schema) nearest(name string) string {
	const closeEnough = 2 // letters changed; more is another word
	best, bestAt := "", closeEnough+1
	for _, k := range s.keys {
		for candidate := k.Name; ; {
			if d := distance(name, candidate); d < bestAt {
				best, bestAt = candidate, d
			}
			dot := strings.LastIndexByte(candidate, '.')
			if dot < 0 {
				break
			}
			candidate = candidate[:dot]
		}
	}
	if best != "" {
		return best
	}
	word := name[strings.LastIndexByte(name, '.')+1:]
	for _, k := range s.keys { // the right word in the wrong section
		if strings.HasSuffix(k.Name, "."+word) {
			return k.Name
		}
	}
	return ""
}

// distance is Levenshtein's, over bytes. Names longer than any key's are not
// compared: the cost grows with the product.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// FlagHint says what to type instead of the unknown flag --name: a sentence's
// end, or "" when nothing is close.
func FlagHint(name string) string {
	s := newSchema()
	path := strings.Split(name, ".")
	switch near := s.nearest(name); {
	case s.isParamTable(path), s.section(path):
		return "write " + s.flagForm(name)
	case near != "":
		return "did you mean " + s.flagForm(near) + "?"
	}
	return ""
}

// flagForm is how a key, or one of the keys in a section or table, is typed.
func (s schema) flagForm(name string) string {
	path := strings.Split(name, ".")
	switch {
	case s.isParamTable(path):
		return "--" + name + ".NAME VALUE"
	case s.section(path):
		return "--" + name + ".KEY VALUE"
	}
	return "--" + name
}

// IsSetting reports whether a flag's name is a key's or a script parameter's,
// or that of --config.
func IsSetting(name string) bool {
	_, _, ok := newSchema().find(strings.Split(name, "."))
	return ok || name == configFlag
}
