package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"orrery/rpc"
)

// Table tells how the arguments of a method are written; *rpc.Table is one.
type Table interface {
	Positional(method string, position int) (rpc.Conversion, bool)
	Named(method, name string) (rpc.Conversion, bool)
}

// Positional turns words of the command line into parameters by position, as
// bitcoin-cli does: a string stays as it is, anything else is JSON.
func Positional(t Table, method string, words []string) ([]json.RawMessage, error) {
	params := []json.RawMessage{}
	for i, word := range words {
		how, _ := t.Positional(method, i) // unknown: a string, and the node will tell
		v, err := convert(how, word)
		if err != nil {
			return nil, err
		}
		params = append(params, v)
	}
	return params, nil
}

// Named turns words of the form NAME=VALUE into named parameters, as
// bitcoin-cli -named does. Words without "=" are parameters by position, and so
// are words whose NAME is none if the next position can take the whole word.
// When a name is there twice, the last counts.
func Named(t Table, method string, words []string) (map[string]json.RawMessage, error) {
	params := map[string]json.RawMessage{}
	args := []json.RawMessage{}
	for _, word := range words {
		name, value, isPair := strings.Cut(word, "=")
		how, known := t.Named(method, name)
		if !isPair || !known && fitsPosition(t, method, len(args), word) {
			how, _ = t.Positional(method, len(args))
			v, err := convert(how, word)
			if err != nil {
				return nil, err
			}
			args = append(args, v)
			continue
		}
		v, err := convert(how, value)
		if err != nil {
			return nil, err
		}
		params[name] = v
	}
	if len(args) > 0 {
		if _, given := params["args"]; given {
			return nil, fmt.Errorf("args= and parameters by position exclude each other")
		}
		b, err := json.Marshal(args)
		if err != nil {
			return nil, err
		}
		params["args"] = b
	}
	return params, nil
}

// fitsPosition reports whether a word with "=" in it can be the parameter at a
// position.
func fitsPosition(t Table, method string, position int, word string) bool {
	how, known := t.Positional(method, position)
	return known && (how == rpc.ConvertString || how == rpc.ConvertJSON && json.Valid([]byte(word)))
}

func convert(how rpc.Conversion, word string) (json.RawMessage, error) {
	isJSON := json.Valid([]byte(word))
	switch {
	case how == rpc.ConvertJSON && !isJSON:
		return nil, fmt.Errorf("this parameter must be JSON, and is not: %s", word)
	case how == rpc.ConvertJSON, how == rpc.ConvertEither && isJSON:
		return json.RawMessage(strings.TrimSpace(word)), nil
	}
	return json.Marshal(word)
}

// Format writes a result as bitcoin-cli prints it: a string without quotes,
// nothing for null, anything else as JSON with two spaces of indent.
func Format(result json.RawMessage) string {
	var text string
	if json.Unmarshal(result, &text) == nil {
		return text // null leaves it empty
	}
	var b bytes.Buffer
	if err := json.Indent(&b, result, "", "  "); err != nil {
		return string(result)
	}
	return b.String()
}
