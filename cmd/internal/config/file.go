package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxFile bounds a settings file in bytes: config.toml with all its comments
// has 5 KB, and go-toml takes time with the square of the keys.
const maxFile = 128 << 10

// entry is one key of a TOML file, or the header of a table, with its place.
type entry struct {
	path   []string
	source Source
	header bool // of a table: it has no value
	many   bool // [[path]]
	value  any
}

// parseFile reads TOML and finds where each key stands, which a decoded map no
// longer knows. at names the file or preset.
func parseFile(raw []byte, at Source) ([]entry, *Error) {
	if len(raw) > maxFile {
		return nil, &Error{Source: at, Msg: fmt.Sprintf("has %d bytes, at most %d are read", len(raw), maxFile)}
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")) // as some Windows editors write
	var doc map[string]any
	decodeErr := toml.Unmarshal(raw, &doc)
	entries := walk(raw, at)
	if decodeErr != nil {
		return nil, syntaxError(decodeErr, entries, at)
	}
	for i, e := range entries {
		if !e.header {
			entries[i].value = lookUp(doc, e.path)
		}
	}
	return entries, nil
}

// syntaxError finds the place of what go-toml refused. It gives none for a key
// that stands twice.
func syntaxError(err error, entries []entry, at Source) *Error {
	at.Line, at.Column = 1, 1
	msg := strings.TrimPrefix(err.Error(), "toml: ")
	var de *toml.DecodeError
	if errors.As(err, &de) {
		at.Line, at.Column = de.Position()
		return &Error{Source: at, Msg: "not TOML: " + inWords(msg)}
	}
	seen := map[string]Source{}
	for _, e := range entries {
		name := strings.Join(e.path, "\x00")
		if first, ok := seen[name]; ok && !e.many {
			return &Error{Source: e.source, Msg: fmt.Sprintf("%s stands in line %d already", quoteOdd(strings.Join(e.path, ".")), first.Line)}
		}
		seen[name] = e.source
	}
	return &Error{Source: at, Msg: "not TOML: " + msg}
}

// walk lists the keys and headers of what is TOML at least up to its first
// fault.
func walk(raw []byte, at Source) []entry {
	w := walker{raw: raw, at: at}
	w.parser.Reset(raw)
	var table []string
	for w.parser.NextExpression() {
		e := w.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			var where Source
			table, where = w.key(e.Key())
			w.entries = append(w.entries, entry{path: table, source: where, header: true, many: e.Kind == unstable.ArrayTable})
		case unstable.KeyValue:
			w.keyValue(table, e)
		}
	}
	return w.entries
}

// walker goes through the syntax tree of one file.
type walker struct {
	raw     []byte
	at      Source
	parser  unstable.Parser
	entries []entry

	offset, lines, lineStart int // the last place that was asked for
}

// position counts on from the last call, since keys come in the order of the file.
func (w *walker) position(offset int) (line, column int) {
	for ; w.offset < offset; w.offset++ {
		if w.raw[w.offset] == '\n' {
			w.lines++
			w.lineStart = w.offset + 1
		}
	}
	return w.lines + 1, offset - w.lineStart + 1
}

// key returns the parts of a dotted key and the place of the first.
func (w *walker) key(it unstable.Iterator) (parts []string, where Source) {
	where = w.at
	for it.Next() {
		n := it.Node()
		if parts == nil {
			where.Line, where.Column = w.position(int(n.Raw.Offset))
		}
		parts = append(parts, string(n.Data))
	}
	return parts, where
}

func (w *walker) keyValue(table []string, e *unstable.Node) {
	parts, where := w.key(e.Key())
	path := append(append([]string{}, table...), parts...)
	if v := e.Value(); v.Kind == unstable.InlineTable {
		w.entries = append(w.entries, entry{path: path, source: where, header: true})
		for it := v.Children(); it.Next(); {
			w.keyValue(path, it.Node())
		}
		return
	}
	w.entries = append(w.entries, entry{path: path, source: where})
}

// lookUp returns nil where a list of tables stands between; its header has
// been refused by then.
func lookUp(doc map[string]any, path []string) any {
	var v any = doc
	for _, part := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[part]
	}
	return v
}
