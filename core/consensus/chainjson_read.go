package consensus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// chainReader walks chain.json token by token, because encoding/json takes
// duplicate keys, keys in another case and missing keys without a word.
type chainReader struct {
	dec     *json.Decoder
	members []member
	seen    []bool
}

// object reads one object whose members' names start with prefix, and for the
// outermost one (prefix "") the end of the input.
func (r *chainReader) object(prefix string) error {
	if err := r.delim('{', prefix); err != nil {
		return err
	}
	for r.dec.More() {
		t, err := r.token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok || strings.Contains(name, ".") {
			return fmt.Errorf("unknown key %q", fmt.Sprint(t))
		}
		if err := r.value(prefix + name); err != nil {
			return err
		}
	}
	if err := r.delim('}', prefix); err != nil {
		return err
	}
	if prefix == "" {
		if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
			return errors.New("something stands behind the closing brace")
		}
	}
	return nil
}

// value reads the value of the member of that name, or the object that holds
// members of that name.
func (r *chainReader) value(name string) error {
	for i, m := range r.members {
		switch {
		case m.name == name:
			if r.seen[i] {
				return fmt.Errorf("the key %q stands twice", name)
			}
			r.seen[i] = true
			return r.scalar(m)
		case strings.HasPrefix(m.name, name+".") && !strings.Contains(name, "."):
			if r.seen[i] {
				return fmt.Errorf("the key %q stands twice", name)
			}
			return r.object(name + ".")
		}
	}
	return fmt.Errorf("unknown key %q", name)
}

func (r *chainReader) scalar(m member) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	switch p := m.ptr.(type) {
	case *string:
		s, ok := t.(string)
		if !ok {
			return fmt.Errorf("%s must be a text", m.name)
		}
		*p = s
	case *int64:
		n, ok := t.(json.Number)
		if !ok {
			return fmt.Errorf("%s must be an integer", m.name)
		}
		if *p, err = strconv.ParseInt(n.String(), 10, 64); err != nil {
			return fmt.Errorf("%s must be an integer of at most 2^53-1 without fraction or exponent", m.name)
		}
	}
	return nil
}

func (r *chainReader) delim(want json.Delim, prefix string) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	if t != want {
		where := strings.TrimSuffix(prefix, ".")
		if where == "" {
			where = "the whole"
		}
		return fmt.Errorf("%s must be an object", where)
	}
	return nil
}

func (r *chainReader) token() (json.Token, error) {
	t, err := r.dec.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON at byte %d: %w", r.dec.InputOffset(), err)
	}
	return t, nil
}
