package config

import (
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

const configFlag = "config"

// Flags are --config and one flag a key, for any command.
type Flags struct {
	set    *pflag.FlagSet
	config string
}

// paramFlag matches a parameter of a script, whose name only the script knows.
var paramFlag = regexp.MustCompile(`^--(policy\.params\.(?:difficulty|reward|admission|assign)\.[a-z_][a-z0-9_]*)(?:=|$)`)

// NewFlags makes the flags of every key, and of every script parameter that
// args name.
func NewFlags(args []string) *Flags {
	f := &Flags{set: pflag.NewFlagSet("settings", pflag.ContinueOnError)}
	f.set.SortFlags = false
	f.set.StringVar(&f.config, configFlag, "", "settings file (default ./config.toml, where there is one)")
	for _, k := range Keys() {
		if k.kind == paramsKind {
			continue
		}
		added := f.set.VarPF(&flagValue{kind: k.kind}, k.Name, "", k.Usage)
		if k.kind == boolKind {
			added.NoOptDefVal = "true"
		}
	}
	for _, arg := range beforeDashes(args) {
		if m := paramFlag.FindStringSubmatch(arg); m != nil && f.set.Lookup(m[1]) == nil {
			f.set.VarPF(&flagValue{kind: paramsKind}, m[1], "", "parameter of a script")
		}
	}
	return f
}

// Set is to be added to a command's own flags.
func (f *Flags) Set() *pflag.FlagSet { return f.set }

// JoinBools writes "--mining.enabled false" as "--mining.enabled=false": a flag
// that may stand alone does not take the next word by itself.
func JoinBools(args []string) []string {
	s := newSchema()
	out := make([]string, 0, len(args))
	n := len(beforeDashes(args))
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		if k, ok := s.byName[name]; i < n && isFlag && ok && k.kind == boolKind && i+1 < n && (args[i+1] == "true" || args[i+1] == "false") {
			out = append(out, args[i]+"="+args[i+1])
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

func beforeDashes(args []string) []string {
	for i, arg := range args {
		if arg == "--" {
			return args[:i]
		}
	}
	return args
}

// flagValue keeps a flag's text until Load, which knows how to name its faults
// and which texts are secret.
type flagValue struct {
	kind  kind
	texts []string
}

func (v *flagValue) Set(s string) error { v.texts = append(v.texts, s); return nil }

// String is what help shows as the default: nothing, it depends on the file.
func (v *flagValue) String() string { return "" }

func (v *flagValue) Type() string {
	if v.kind == boolKind {
		return "bool" // pflag then shows no argument
	}
	return v.kind.String()
}
