package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// SourceKind says who set a value. A later one wins.
type SourceKind int

// The kinds, weakest first.
const (
	Default SourceKind = iota
	Preset
	File
	Environment
	Flag
)

func (k SourceKind) String() string {
	return [...]string{"default", "preset", "file", "environment", "flag"}[k]
}

// Source is where a value came from.
type Source struct {
	Kind   SourceKind
	Name   string // preset, file, variable or flag
	Line   int    // in a file or preset, from 1
	Column int    // bytes, from 1
}

// String is how errors and "config show" name the place.
func (s Source) String() string {
	switch s.Kind {
	case Default:
		return "default"
	case Preset:
		return "preset " + s.Name
	case File:
		return fmt.Sprintf("%s:%d:%d", s.Name, s.Line, s.Column)
	}
	return s.Name
}

// Error is one fault of the settings.
type Error struct {
	Source Source
	Key    string // may be ""
	Msg    string // one sentence without the value of a secret
}

func (e Error) Error() string {
	switch {
	case e.Source.Kind == Default:
		return e.Msg
	case e.Source.Kind >= Environment && e.Key != "" && strings.HasPrefix(e.Msg, e.Key):
		return e.Source.Name + strings.TrimPrefix(e.Msg, e.Key) // the name that was typed, once
	}
	return e.Source.String() + ": " + e.Msg
}

// Errors are all faults that were found, never none.
type Errors []Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// sort orders by place, flags first, then the file from top to bottom.
func (e Errors) sort() {
	slices.SortStableFunc(e, func(a, b Error) int {
		return cmp.Or(
			cmp.Compare(b.Source.Kind, a.Source.Kind),
			cmp.Compare(a.Source.Line, b.Source.Line),
			cmp.Compare(a.Source.Column, b.Source.Column),
			cmp.Compare(a.Source.Name, b.Source.Name),
			cmp.Compare(a.Key, b.Key),
		)
	})
}
