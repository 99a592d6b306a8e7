package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

var (
	integerText = regexp.MustCompile(`^([+-]?(0|[1-9](_?[0-9])*)|0x[0-9a-fA-F](_?[0-9a-fA-F])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*)$`)
	floatText   = regexp.MustCompile(`^[+-]?([0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9_]+)?|inf|nan)$`)
	dateText    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}|^[0-9]{2}:[0-9]{2}`)
)

// fromTOML turns a decoded TOML value into what the key takes. Errors name
// types, never values: the value may be a secret.
func (k kind) fromTOML(v any) (any, error) {
	switch k {
	case textKind, secretKind:
		if s, ok := v.(string); ok {
			return s, nil
		}
		return nil, fmt.Errorf("must be a text in quotes, found %s", typeName(v))
	case integerKind:
		if n, ok := v.(int64); ok {
			return n, nil
		}
		return nil, fmt.Errorf("must be an integer, found %s", typeName(v))
	case boolKind:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("must be true or false, found %s", typeName(v))
	case durationKind:
		if s, ok := v.(string); ok {
			return parseDuration(s)
		}
		return nil, fmt.Errorf(`must be a duration in quotes with its unit, such as "90s", found %s`, typeName(v))
	case listKind:
		return listFromTOML(v)
	}
	return nil, fmt.Errorf("must be a table, found %s", typeName(v))
}

func listFromTOML(v any) (any, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of texts, found %s", typeName(v))
	}
	list := make([]string, len(items))
	for i, item := range items {
		if list[i], ok = item.(string); !ok {
			return nil, fmt.Errorf("must be a list of texts, found %s in it", typeName(item))
		}
	}
	return list, nil
}

// paramFromTOML takes what a script's parameter may be.
func paramFromTOML(v any) (any, error) {
	switch v.(type) {
	case int64, string, bool:
		return v, nil
	}
	return nil, fmt.Errorf("must be an integer, a text or true|false, found %s", typeName(v))
}

// fromText turns a flag's or variable's text into what the key takes.
func (k kind) fromText(s string) (any, error) {
	switch k {
	case integerKind:
		if n, ok := parseInteger(s); ok {
			return n, nil
		}
		return nil, fmt.Errorf("must be an integer")
	case boolKind:
		switch s {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("must be true or false")
	case durationKind:
		return parseDuration(s)
	case listKind:
		list := []string{}
		for item := range strings.SplitSeq(s, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
		return list, nil
	case paramsKind:
		return nil, fmt.Errorf("must have the parameter's name behind it")
	}
	return s, nil
}

// paramFromText types a parameter's text as TOML would: 30, true, "30", and
// any other word as a text.
func paramFromText(s string) (any, error) {
	if n, ok := parseInteger(s); ok {
		return n, nil
	}
	switch {
	case s == "true", s == "false":
		return s == "true", nil
	case integerText.MatchString(s):
		return nil, fmt.Errorf("must be an integer of 64 bits")
	case floatText.MatchString(s):
		return nil, fmt.Errorf(`must be an integer, a text or true|false, found another number; quote it twice ('"1.5"') to pass a text`)
	case dateText.MatchString(s):
		return nil, fmt.Errorf(`must be an integer, a text or true|false, found a date; quote it twice to pass a text`)
	case strings.HasPrefix(s, "["), strings.HasPrefix(s, "{"):
		return nil, fmt.Errorf("must be an integer, a text or true|false, found a list or table")
	case strings.HasPrefix(s, `"`), strings.HasPrefix(s, `'`):
		return quotedText(s)
	}
	return s, nil
}

func quotedText(s string) (any, error) {
	var doc map[string]any
	if err := toml.Unmarshal([]byte("v = "+s), &doc); err == nil && len(doc) == 1 {
		if text, ok := doc["v"].(string); ok {
			return text, nil
		}
	}
	return nil, fmt.Errorf("starts with a quote and is not a quoted text")
}

func parseInteger(s string) (int64, bool) {
	if !integerText.MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 0, 64)
	return n, err == nil
}

func parseDuration(s string) (any, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return nil, fmt.Errorf(`must be a duration with its unit, such as "90s" or "1h30m"`)
	}
	return Duration(d), nil
}

func typeName(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case int64:
		return "an integer"
	case float64:
		return "a number with a fraction"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}
