package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

const (
	envPrefix     = "ORRERY_"
	envConfig     = envPrefix + "CONFIG"
	envPreset     = envPrefix + "PRESET"
	defaultFile   = "config.toml"
	defaultPreset = "lab"

	// maxFaults of a file are told: more say nothing new, and it is then no
	// settings file at all.
	maxFaults = 50
)

// Settings are the values in force, and where each came from. They are
// read-only.
type Settings struct {
	Config
	FileRead string // path of the settings file, "" if none was read

	schema  schema
	sources map[string]Source // by key, parameters of scripts included
}

// Source says who set key, such as "rpc.listen" or
// "policy.params.difficulty.window".
func (s *Settings) Source(key string) Source { return s.sources[key] }

// Load reads the settings. flags may be nil; environ is as os.Environ gives
// it. The error is of type Errors and names every fault; the settings are then
// nil.
func Load(flags *Flags, environ []string) (*Settings, error) {
	l := loader{
		k:        koanf.New("."),
		settings: &Settings{schema: newSchema(), sources: map[string]Source{}},
	}
	if err := l.k.Load(structs.Provider(Defaults(), "koanf"), nil); err != nil {
		return nil, fmt.Errorf("settings: defaults: %w", err)
	}
	l.readEnv(environ)
	l.readFlags(flags)
	l.readFile(l.fileName(flags, environ))
	l.readPreset()
	return l.finish()
}

type loader struct {
	k        *koanf.Koanf
	settings *Settings
	errs     Errors

	preset, file, env, flags layer
	environ                  []string
	flagSet                  *pflag.FlagSet
}

func (l *loader) fail(at Source, key, format string, args ...any) {
	l.errs = append(l.errs, Error{Source: at, Key: key, Msg: fmt.Sprintf(format, args...)})
}

// fileName returns the file to read and who asked for it. --preset, also as
// variable, keeps ./config.toml from being read.
func (l *loader) fileName(flags *Flags, environ []string) (string, Source) {
	if flags != nil && flags.set.Changed(configFlag) {
		return flags.config, Source{Kind: Flag, Name: "--" + configFlag}
	}
	for _, pair := range environ {
		if name, text, _ := strings.Cut(pair, "="); name == envConfig {
			return text, Source{Kind: Environment, Name: envConfig}
		}
	}
	_, byFlag := l.flags.values["preset"]
	_, byEnv := l.env.values["preset"]
	if byFlag || byEnv {
		return "", Source{}
	}
	return defaultFile, Source{}
}

func (l *loader) readFile(name string, asked Source) {
	l.file = newLayer()
	explicit := asked.Kind != Default
	if name == "" {
		if explicit {
			l.fail(asked, "", "needs the name of a file")
		}
		return
	}
	raw, err := readLimited(name)
	if errors.Is(err, fs.ErrNotExist) && !explicit {
		return
	}
	if err != nil {
		l.fail(asked, "", "cannot read the settings: %v", err)
		return
	}
	l.settings.FileRead = name
	l.readTOML(l.file, raw, Source{Kind: File, Name: name})
}

// readLimited reads one byte more than parseFile takes, at most.
func readLimited(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

func (l *loader) readPreset() {
	l.preset = newLayer()
	name := defaultPreset
	at := Source{}
	for _, from := range []layer{l.flags, l.env, l.file} {
		if v, ok := from.values["preset"].(string); ok {
			name, at = v, from.sources["preset"]
			break
		}
	}
	raw, ok := presetTOML(name)
	if !ok {
		l.fail(at, "preset", "preset %q does not exist; take one of %s", name, strings.Join(PresetNames(), ", "))
		name = defaultPreset // only to look for more faults: there will be no settings
		raw, _ = presetTOML(name)
	}
	l.readTOML(l.preset, raw, Source{Kind: Preset, Name: name})
}

// finish merges the layers, decodes them and checks ranges.
func (l *loader) finish() (*Settings, error) {
	providers := []koanf.Provider{
		l.preset,
		l.file,
		env.Provider(".", env.Opt{
			Prefix:      envPrefix,
			EnvironFunc: func() []string { return l.environ },
			TransformFunc: func(name, _ string) (string, any) {
				return l.checked(l.env, strings.Join(envPath(name), "."))
			},
		}),
		posflag.ProviderWithFlag(l.flagSet, ".", l.k, func(f *pflag.Flag) (string, any) {
			return l.checked(l.flags, f.Name)
		}),
	}
	for _, p := range providers {
		if err := l.k.Load(p, nil); err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
	}
	for _, from := range []layer{l.preset, l.file, l.env, l.flags} {
		for key, at := range from.sources {
			l.settings.sources[key] = at
		}
	}
	s := l.settings
	err := l.k.UnmarshalWithConf("", &s.Config, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		ErrorUnused:      true,
		WeaklyTypedInput: false, // else -1 becomes 18446744073709551615 in an unsigned field
		ZeroFields:       true,
	}})
	if err != nil { // every value has been checked against its field: our own bug
		return nil, fmt.Errorf("settings: %w", err)
	}
	s.dropForeignParams()
	l.errs = append(l.errs, s.check(l.errs)...)
	if len(l.errs) > 0 {
		l.errs.sort()
		return nil, l.errs
	}
	return s, nil
}

// checked gives koanf the value that has passed, and "" (ignore) for others.
func (l *loader) checked(from layer, key string) (string, any) {
	if v, ok := from.values[key]; ok {
		return key, v
	}
	return "", nil
}
