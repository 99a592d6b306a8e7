package config

import "strings"

// slips are how go-toml's words for the usual slips begin, and what people are
// told instead: mostly they left quotes out. Its other words say enough.
var slips = []struct{ begins, say string }{
	{"incomplete number", "expected a value; texts stand in quotes"}, // its words for any bare word
	{"expected newline", "the line should end here; texts stand in quotes, and large numbers are written as 1_000"},
	{"couldn't parse", "this is no integer of 64 bits"},
	{"unable to parse float", "this is no number; texts stand in quotes, and hexadecimal digits follow 0x"},
	{"float", "this is no number; texts stand in quotes"},
	{"leading zero", "a number does not begin with 0; texts stand in quotes"},
	{"invalid escaped character", backslash},
	{"unicode point", backslash},
	{"non-hex character", backslash},
	{"invalid character at start of key", "a key is of a–z, 0–9 and _"},
}

// backslash is for folders of Windows.
const backslash = `a backslash stands for itself in '…', in "…" it must be doubled`

func inWords(msg string) string {
	for _, slip := range slips {
		if strings.HasPrefix(msg, slip.begins) {
			return slip.say
		}
	}
	return msg
}
