package policy

import (
	"errors"
	"fmt"
	"sort"
	"unicode/utf8"
)

// MaxParamInt bounds integer parameters: all of them are exact in the float64
// of Lua and in the JSON of any tool.
const MaxParamInt int64 = 1<<53 - 1

// Bounds of a parameter's text in bytes. A script compares and copies values
// at a fixed charge, so none may be long.
const (
	MaxParamKey    = 64
	MaxParamString = 512
)

// Param is one setting of a script. Value is an int64, a string of UTF-8, or
// a bool.
type Param struct {
	Key   string
	Value any
}

// Params are sorted by key, without duplicates.
type Params []Param

// NewParams sorts the given parameters and checks them.
func NewParams(list ...Param) (Params, error) {
	p := append(Params(nil), list...)
	sort.SliceStable(p, func(i, j int) bool { return p[i].Key < p[j].Key })
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// Get returns the value of a key, or nil.
func (p Params) Get(key string) any {
	i := sort.Search(len(p), func(i int) bool { return p[i].Key >= key })
	if i < len(p) && p[i].Key == key {
		return p[i].Value
	}
	return nil
}

// Validate checks order, keys and values. Its errors name the key.
func (p Params) Validate() error {
	if len(p) > MaxParams {
		return fmt.Errorf("%d parameters, at most %d are allowed", len(p), MaxParams)
	}
	for i, e := range p {
		if !validKey(e.Key) {
			return fmt.Errorf("parameter name %q: use a-z, 0-9 and _, not starting with a digit, at most %d characters", e.Key, MaxParamKey)
		}
		if i > 0 && p[i-1].Key >= e.Key {
			return fmt.Errorf("parameter %q: names must be sorted and appear once", e.Key)
		}
		if err := checkValue(e.Value); err != nil {
			return fmt.Errorf("parameter %q: %w", e.Key, err)
		}
	}
	return nil
}

func validKey(k string) bool {
	if k == "" || len(k) > MaxParamKey || k[0] >= '0' && k[0] <= '9' {
		return false
	}
	for i := 0; i < len(k); i++ {
		if c := k[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func checkValue(v any) error {
	switch v := v.(type) {
	case bool:
		return nil
	case int64:
		if v > MaxParamInt || v < -MaxParamInt {
			return fmt.Errorf("%d is not between -2^53 and 2^53", v)
		}
		return nil
	case string:
		if !utf8.ValidString(v) {
			return errors.New("text must be UTF-8")
		}
		if len(v) > MaxParamString {
			return fmt.Errorf("text of %d bytes, at most %d are allowed", len(v), MaxParamString)
		}
		return nil
	}
	return fmt.Errorf("a %T is not allowed: use an integer, a string or a boolean", v)
}
