package rpc

import (
	"bytes"
	"encoding/json"
	"math"
	"unicode/utf8"
)

// maxDepth bounds nesting, so that a body of brackets costs no stack
// (Core's UniValue: 512).
const maxDepth = 512

// The scanner below checks a whole body in one pass and says where values
// begin and end. encoding/json is not used for requests, because it matches
// keys in any letter case, lets the last of two equal keys win, and would read
// a large block twice.

// plain marks the bytes that stand for themselves inside a JSON string.
var plain = func() (t [256]bool) {
	for c := 0x20; c < len(t); c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// scanValue checks the JSON value that begins at b[i] and returns the index
// after it. depth is how many arrays and objects are open around it.
func scanValue(b []byte, i, depth int) (int, bool) {
	if i >= len(b) {
		return i, false
	}
	switch c := b[i]; {
	case c == '"':
		return scanString(b, i)
	case c == '{':
		return scanMembers(b, i, depth, nil)
	case c == '[':
		return scanItems(b, i, depth, nil)
	case c == '-' || c >= '0' && c <= '9':
		return scanNumber(b, i)
	case c == 't':
		return scanWord(b, i, "true")
	case c == 'f':
		return scanWord(b, i, "false")
	case c == 'n':
		return scanWord(b, i, "null")
	}
	return i, false
}

func scanWord(b []byte, i int, word string) (int, bool) {
	end := i + len(word)
	return end, end <= len(b) && string(b[i:end]) == word
}

// scanItems checks the array that begins at b[i] and hands out each item; yield
// may be nil.
func scanItems(b []byte, i, depth int, yield func(item Value)) (int, bool) {
	if depth++; depth > maxDepth {
		return i, false
	}
	if i = skipSpace(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1, true
	}
	for {
		end, ok := scanValue(b, i, depth)
		if !ok {
			return end, false
		}
		if yield != nil {
			yield(Value(b[i:end:end]))
		}
		if i = skipSpace(b, end); i >= len(b) {
			return i, false
		}
		switch b[i] {
		case ',':
			i = skipSpace(b, i+1)
		case ']':
			return i + 1, true
		default:
			return i, false
		}
	}
}

// scanMembers checks the object that begins at b[i] and hands out each member,
// keys still quoted; yield may be nil.
func scanMembers(b []byte, i, depth int, yield func(key, value Value)) (int, bool) {
	if depth++; depth > maxDepth {
		return i, false
	}
	if i = skipSpace(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1, true
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return i, false
		}
		keyEnd, ok := scanString(b, i)
		if !ok {
			return keyEnd, false
		}
		key := Value(b[i:keyEnd:keyEnd])
		if i = skipSpace(b, keyEnd); i >= len(b) || b[i] != ':' {
			return i, false
		}
		i = skipSpace(b, i+1)
		end, ok := scanValue(b, i, depth)
		if !ok {
			return end, false
		}
		if yield != nil {
			yield(key, Value(b[i:end:end]))
		}
		if i = skipSpace(b, end); i >= len(b) {
			return i, false
		}
		switch b[i] {
		case ',':
			i = skipSpace(b, i+1)
		case '}':
			return i + 1, true
		default:
			return i, false
		}
	}
}

func scanString(b []byte, i int) (int, bool) {
	for i++; i < len(b); {
		for i < len(b) && plain[b[i]] {
			i++
		}
		if i >= len(b) {
			break
		}
		switch b[i] {
		case '"':
			return i + 1, true
		case '\\':
			end, ok := scanEscape(b, i)
			if !ok {
				return end, false
			}
			i = end
		default: // a control character
			return i, false
		}
	}
	return i, false
}

// scanEscape refuses half a surrogate pair, which stands for no character.
func scanEscape(b []byte, i int) (int, bool) {
	if i+1 >= len(b) {
		return i, false
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, true
	case 'u':
		unit, ok := hex4(b, i+2)
		switch {
		case !ok, unit >= 0xdc00 && unit < 0xe000:
			return i, false
		case unit < 0xd800 || unit >= 0xe000:
			return i + 6, true
		}
		low, ok := hex4(b, i+8)
		return i + 12, ok && b[i+6] == '\\' && b[i+7] == 'u' && low >= 0xdc00 && low < 0xe000
	}
	return i, false
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var v rune
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | rune(c)
	}
	return v, true
}

func scanNumber(b []byte, i int) (int, bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return i, false
	case b[i] == '0':
		i++
	default:
		end := scanDigits(b, i)
		if end == i {
			return i, false
		}
		i = end
	}
	if i < len(b) && b[i] == '.' {
		end := scanDigits(b, i+1)
		if end == i+1 {
			return i, false
		}
		i = end
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := scanDigits(b, i)
		if end == i {
			return i, false
		}
		i = end
	}
	return i, true
}

func scanDigits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// validText reports whether the body is UTF-8 throughout, as JSON must be.
func validText(b []byte) bool { return utf8.Valid(b) }

// unquote returns the text of a scanned JSON string.
func unquote(v Value) string {
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var s string
	_ = json.Unmarshal(v, &s) // the scanner has checked it
	return s
}

// quote writes s as a JSON string.
func quote(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if !plain[s[i]] || s[i] >= utf8.RuneSelf {
			b, _ := marshalPlain(s) // a string never fails
			return append(dst, b...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// integer reads a JSON number that is written as an integer of 64 bits.
func integer(v Value) (int64, bool) {
	i, neg := 0, false
	if len(v) > 0 && v[0] == '-' {
		i, neg = 1, true
	}
	if len(v) == i || len(v)-i > 19 {
		return 0, false
	}
	var u uint64
	for ; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return 0, false
		}
		u = u*10 + uint64(v[i]-'0')
	}
	switch {
	case neg && u <= 1<<63:
		return int64(-u), true
	case !neg && u <= math.MaxInt64:
		return int64(u), true
	}
	return 0, false
}
