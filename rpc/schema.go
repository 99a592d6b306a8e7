package rpc

import (
	"fmt"
	"slices"
	"strings"
)

// SchemaKind is what a Schema describes.
type SchemaKind uint8

// The kinds of result. Several are one JSON type and differ in what they mean.
const (
	KindAnything   SchemaKind = iota
	KindNothing               // null
	KindText                  // a string
	KindHex                   // a string of hexadecimal digits, possibly none
	KindHash                  // a string of 64 hexadecimal digits
	KindInteger               // a number without fraction or exponent
	KindFloat                 // a number
	KindCoins                 // a number with exactly eight decimals
	KindTime                  // seconds since 1970, an integer
	KindBoolean               // true or false
	KindRecord                // an object with known members
	KindDictionary            // an object with keys of its own; Inner[0] is any value
	KindList                  // an array; Inner[0] is any item
	KindOneOf                 // any of Inner
)

// Schema describes one JSON value of a result: it is printed into help and
// OpenRPC, and checks answers in tests. Make it with the functions below.
type Schema struct {
	Name      string // key inside a record; "" elsewhere
	Kind      SchemaKind
	Doc       string
	Optional  bool   // the member may be absent
	Nullable  bool   // null may stand in its place
	Condition string // of an alternative, as in "for verbosity = 0"
	Inner     []Schema
}

// Text is a string. Like the functions after it, it takes the key in a record,
// or "" for a result, an item or an alternative.
func Text(name, doc string) Schema { return Schema{Name: name, Kind: KindText, Doc: doc} }

// Hex is a string of hexadecimal digits.
func Hex(name, doc string) Schema { return Schema{Name: name, Kind: KindHex, Doc: doc} }

// Hash is a string of 64 hexadecimal digits.
func Hash(name, doc string) Schema { return Schema{Name: name, Kind: KindHash, Doc: doc} }

// Integer is a whole number.
func Integer(name, doc string) Schema { return Schema{Name: name, Kind: KindInteger, Doc: doc} }

// Float is any number.
func Float(name, doc string) Schema { return Schema{Name: name, Kind: KindFloat, Doc: doc} }

// Coins is an Amount.
func Coins(name, doc string) Schema { return Schema{Name: name, Kind: KindCoins, Doc: doc} }

// Timestamp is seconds since 1970.
func Timestamp(name, doc string) Schema { return Schema{Name: name, Kind: KindTime, Doc: doc} }

// Boolean is true or false.
func Boolean(name, doc string) Schema { return Schema{Name: name, Kind: KindBoolean, Doc: doc} }

// Null is null.
func Null(name, doc string) Schema { return Schema{Name: name, Kind: KindNothing, Doc: doc} }

// Anything is whatever it is.
func Anything(name, doc string) Schema { return Schema{Name: name, Kind: KindAnything, Doc: doc} }

// Record is an object with these members and no others.
func Record(name, doc string, members ...Schema) Schema {
	return Schema{Name: name, Kind: KindRecord, Doc: doc, Inner: members}
}

// Dictionary is an object whose keys are data; the value's name says what they
// are.
func Dictionary(name, doc string, value Schema) Schema {
	return Schema{Name: name, Kind: KindDictionary, Doc: doc, Inner: []Schema{value}}
}

// List is an array.
func List(name, doc string, item Schema) Schema {
	return Schema{Name: name, Kind: KindList, Doc: doc, Inner: []Schema{item}}
}

// OneOf is any of the alternatives, best each with its condition.
func OneOf(name, doc string, alternatives ...Schema) Schema {
	return Schema{Name: name, Kind: KindOneOf, Doc: doc, Inner: alternatives}
}

// Opt marks a member that may be absent.
func (s Schema) Opt() Schema { s.Optional = true; return s }

// OrNull marks a value in whose place null may stand.
func (s Schema) OrNull() Schema { s.Nullable = true; return s }

// When says when an alternative is the answer, as in "for verbosity = 0".
func (s Schema) When(condition string) Schema { s.Condition = condition; return s }

// Check reports where a JSON answer differs from the schema: wrong types,
// members that are missing, unknown or there twice.
func (s Schema) Check(answer []byte) error {
	if end, ok := scanValue(answer, 0, 0); !ok || end != len(answer) {
		return fmt.Errorf("the answer is not JSON")
	}
	return s.check(Value(answer), "result")
}

func (s Schema) check(v Value, at string) error {
	if s.Nullable && v.Kind() == KindNull {
		return nil
	}
	switch s.Kind {
	case KindAnything:
		return nil
	case KindOneOf:
		return s.checkOneOf(v, at)
	case KindRecord:
		return s.checkRecord(v, at)
	case KindDictionary, KindList:
		return s.checkEach(v, at)
	}
	text := string(v)
	if v.Kind() == KindString {
		text = unquote(v)
	}
	if !leaves[s.Kind].matches(v.Kind(), text) {
		return fmt.Errorf("%s is %s, which is not %s", at, shorten(string(v)), leaves[s.Kind].help)
	}
	return nil
}

func (s Schema) checkOneOf(v Value, at string) error {
	var faults []string
	for _, alternative := range s.Inner {
		err := alternative.check(v, at)
		if err == nil {
			return nil
		}
		faults = append(faults, err.Error())
	}
	return fmt.Errorf("%s fits none of its forms: %s", at, strings.Join(faults, "; "))
}

func (s Schema) checkRecord(v Value, at string) error {
	members, err := v.Members()
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	seen := map[string]bool{}
	for _, m := range members {
		i := slices.IndexFunc(s.Inner, func(in Schema) bool { return in.Name == m.Key })
		if i < 0 {
			return fmt.Errorf("%s has the unknown member %q", at, m.Key)
		}
		if seen[m.Key] {
			return fmt.Errorf("%s has the member %q twice", at, m.Key)
		}
		seen[m.Key] = true
		if err := s.Inner[i].check(m.Value, at+"."+m.Key); err != nil {
			return err
		}
	}
	for _, in := range s.Inner {
		if !in.Optional && !seen[in.Name] {
			return fmt.Errorf("%s lacks the member %q", at, in.Name)
		}
	}
	return nil
}

func (s Schema) checkEach(v Value, at string) error {
	if s.Kind == KindDictionary {
		members, err := v.Members()
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		for _, m := range members {
			if err := s.Inner[0].check(m.Value, at+"."+m.Key); err != nil {
				return err
			}
		}
		return nil
	}
	items, err := v.Items()
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	for i, item := range items {
		if err := s.Inner[0].check(item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

// leaf is a kind that has nothing inside.
type leaf struct {
	kind   Kind
	help   string // type as help names it
	sample string // as help draws it
	schema string // JSON Schema
	form   func(text string) bool
}

func (l leaf) matches(kind Kind, text string) bool {
	return kind == l.kind && (l.form == nil || l.form(text))
}

var leaves = map[SchemaKind]leaf{
	KindNothing: {KindNull, "json null", "null", `"type":"null"`, nil},
	KindText:    {KindString, "string", `"str"`, `"type":"string"`, nil},
	KindHex:     {KindString, "string", `"hex"`, `"type":"string","pattern":"^([0-9a-f]{2})*$"`, isHex},
	KindHash: {KindString, "string", `"hex"`, `"type":"string","pattern":"^[0-9a-f]{64}$"`,
		func(t string) bool { return len(t) == 64 && isHex(t) }},
	KindInteger: {KindNumber, "numeric", "n", `"type":"integer"`, isInteger},
	KindFloat:   {KindNumber, "numeric", "n", `"type":"number"`, nil},
	KindCoins: {KindNumber, "numeric", "n", `"type":"number","multipleOf":0.00000001`, func(t string) bool {
		_, decimals, found := strings.Cut(t, ".")
		return found && len(decimals) == amountDecimals && !strings.ContainsAny(t, "eE")
	}},
	KindTime:    {KindNumber, "numeric", "xxx", `"type":"integer"`, isInteger},
	KindBoolean: {KindBool, "boolean", "true|false", `"type":"boolean"`, nil},
}

func isInteger(text string) bool { _, ok := integer(Value(text)); return ok }

func isHex(text string) bool {
	return len(text)%2 == 0 && strings.Trim(text, "0123456789abcdef") == ""
}
