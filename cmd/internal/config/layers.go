package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// layer is what one source sets: a koanf provider of checked, typed values.
type layer struct {
	values  map[string]any // by dotted key
	sources map[string]Source
}

func newLayer() layer { return layer{values: map[string]any{}, sources: map[string]Source{}} }

// Read implements koanf.Provider.
func (l layer) Read() (map[string]any, error) {
	out := map[string]any{}
	for key, v := range l.values {
		m := out
		parts := strings.Split(key, ".")
		for _, part := range parts[:len(parts)-1] {
			next, ok := m[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				m[part] = next
			}
			m = next
		}
		m[parts[len(parts)-1]] = v
	}
	return out, nil
}

// ReadBytes implements koanf.Provider.
func (l layer) ReadBytes() ([]byte, error) { return nil, errors.New("settings: not bytes") }

func (l *loader) unknown(at Source, name string) {
	if near := l.settings.schema.nearest(name); near != "" {
		l.fail(at, name, "unknown key %s; did you mean %s?", quoteOdd(name), near)
		return
	}
	l.fail(at, name, "unknown key %s; \"orrery config keys\" lists all", quoteOdd(name))
}

// quoteOdd quotes a name that could spoil a terminal or a line.
func quoteOdd(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) >= 0 || name == "" {
		return fmt.Sprintf("%q", name)
	}
	return name
}

// setText puts a flag's or variable's text into a layer.
func (l *loader) setText(into layer, at Source, path []string, texts ...string) {
	name := strings.Join(path, ".")
	key, param, ok := l.settings.schema.find(path)
	switch {
	case !ok && l.settings.schema.section(path):
		l.fail(at, name, "%s is a section: it must have a key's name behind it", name)
		return
	case !ok:
		l.unknown(at, name)
		return
	}
	convert := key.kind.fromText
	if param != "" {
		convert = paramFromText
	}
	text := texts[len(texts)-1]
	if key.kind == listKind {
		text = strings.Join(texts, ",")
	}
	v, err := convert(text)
	if err != nil {
		l.fail(at, name, "%s %v", name, err)
		return
	}
	into.values[name], into.sources[name] = v, at
}

func (l *loader) readEnv(environ []string) {
	l.env = newLayer()
	for _, pair := range environ {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || !strings.HasPrefix(name, envPrefix) || name == envConfig {
			continue
		}
		at := Source{Kind: Environment, Name: name}
		path := envPath(name)
		if path == nil {
			l.fail(at, name, "unknown variable; settings are ORRERY_SECTION__KEY in capitals, \"orrery config keys\" lists all")
			continue
		}
		l.setText(l.env, at, path, text)
	}
	l.environ = environ
}

// envPath splits ORRERY_A__B into a, b. What follows the hook of a parameter
// stays whole. It returns nil for a name that is not in capitals.
func envPath(name string) []string {
	name = strings.TrimPrefix(name, envPrefix)
	if name != strings.ToUpper(name) {
		return nil
	}
	const paramParts = 4 // policy, params, hook, name
	parts := strings.Split(strings.ToLower(name), "__")
	if len(parts) > paramParts && parts[0] == "policy" && parts[1] == "params" {
		parts = strings.SplitN(strings.ToLower(name), "__", paramParts)
	}
	return parts
}

func (l *loader) readFlags(flags *Flags) {
	l.flags = newLayer()
	if flags == nil {
		l.flagSet = pflag.NewFlagSet("", pflag.ContinueOnError)
		return
	}
	l.flagSet = flags.set
	// Not Visit: that knows only what was parsed through this very set.
	flags.set.VisitAll(func(f *pflag.Flag) {
		if v, ok := f.Value.(*flagValue); ok && f.Changed {
			l.setText(l.flags, Source{Kind: Flag, Name: "--" + f.Name}, strings.Split(f.Name, "."), v.texts...)
		}
	})
}

func (l *loader) readTOML(into layer, raw []byte, at Source) {
	entries, fault := parseFile(raw, at)
	if fault != nil {
		l.errs = append(l.errs, *fault)
		return
	}
	before := len(l.errs)
	for _, e := range entries {
		if len(l.errs)-before >= maxFaults {
			l.fail(e.source, "", "there are more faults from here on")
			return
		}
		l.setEntry(into, e)
	}
}

func (l *loader) setEntry(into layer, e entry) {
	name := strings.Join(e.path, ".")
	key, param, ok := l.settings.schema.find(e.path)
	switch {
	case l.refusedAbove(e):
		return
	case e.header && !e.many && (l.settings.schema.section(e.path) || ok && param == "" && key.kind == paramsKind):
		return
	case e.many && (ok || l.settings.schema.section(e.path)):
		l.fail(e.source, name, "[[%s]] must be [%s]: there is one", name, name)
		return
	case e.header && ok && param == "":
		l.fail(e.source, name, "%s must be a %v, found a table", name, key.kind)
		return
	case e.header && ok:
		l.fail(e.source, name, "%s must be an integer, a text or true|false, found a table", name)
		return
	case !ok && !e.header && l.settings.schema.section(e.path):
		l.fail(e.source, name, "%s is a section: write [%s] and its keys", name, name)
		return
	case !ok && l.settings.schema.isParamTable(e.path[:len(e.path)-1]):
		l.fail(e.source, name, "%s: the names of parameters are of a–z, 0–9 and _, no digit first", quoteOdd(name))
		return
	case !ok:
		l.unknown(e.source, name)
		return
	}
	convert := key.kind.fromTOML
	if param != "" {
		convert = paramFromTOML
	}
	v, err := convert(e.value)
	if err != nil {
		l.fail(e.source, name, "%s %v", name, err)
		return
	}
	into.values[name], into.sources[name] = v, e.source
}

// refusedAbove reports whether the table that holds e has been refused, so
// that one wrong header gives one error.
func (l *loader) refusedAbove(e entry) bool {
	for _, old := range l.errs {
		if old.Source.Kind == e.source.Kind && len(old.Key) < len(strings.Join(e.path, ".")) &&
			old.Key != "" && strings.HasPrefix(strings.Join(e.path, "."), old.Key+".") {
			return true
		}
	}
	return false
}
