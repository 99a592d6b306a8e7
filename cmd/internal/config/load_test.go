package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// load runs Load in an empty folder with these arguments, variables and, when
// not empty, ./config.toml.
func load(t *testing.T, file string, environ, args []string) (*Settings, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if file != "" {
		if err := os.WriteFile(defaultFile, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args = JoinBools(args)
	flags := NewFlags(args)
	cmd := pflag.NewFlagSet("test", pflag.ContinueOnError) // as a command adds them
	cmd.AddFlagSet(flags.Set())
	if err := cmd.Parse(args); err != nil {
		t.Fatal(err)
	}
	if cmd.NArg() > 0 {
		t.Fatalf("left over: %q", cmd.Args())
	}
	return Load(flags, environ)
}

func mustLoad(t *testing.T, file string, environ, args []string) *Settings {
	t.Helper()
	s, err := load(t, file, environ, args)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOrder(t *testing.T) {
	const file = "[mining]\nthreads = 3\n"
	environ := []string{"HOME=/", "ORRERY_MINING__THREADS=4", "OTHER=1"}
	args := []string{"--mining.threads", "5"}
	for _, c := range []struct {
		name          string
		file          string
		environ, args []string
		want          int64
		source        Source
	}{
		{"preset", "", nil, nil, 1, Source{Kind: Preset, Name: "lab"}},
		{"file", file, nil, nil, 3, Source{Kind: File, Name: "config.toml", Line: 2, Column: 1}},
		{"environment", file, environ, nil, 4, Source{Kind: Environment, Name: "ORRERY_MINING__THREADS"}},
		{"flag", file, environ, args, 5, Source{Kind: Flag, Name: "--mining.threads"}},
		{"flag over file", file, nil, args, 5, Source{Kind: Flag, Name: "--mining.threads"}},
		{"last flag", file, nil, append(args, "--mining.threads=6"), 6, Source{Kind: Flag, Name: "--mining.threads"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustLoad(t, c.file, c.environ, c.args)
			if s.Mining.Threads != c.want {
				t.Errorf("threads %d, want %d", s.Mining.Threads, c.want)
			}
			got := s.Source("mining.threads")
			if got.Kind == Preset {
				got.Line, got.Column = 0, 0 // of no use to people
			}
			if got != c.source {
				t.Errorf("source %+v, want %+v", got, c.source)
			}
			if got := s.Source("rpc.listen"); got != (Source{}) {
				t.Errorf("source of a default %+v", got)
			}
		})
	}
}

// sample returns a value other than the one in force, in TOML. A new key whose
// kind's sample is out of its range needs a line here.
func sample(k Key, present any) string {
	special := map[string]string{
		"preset":                `"regtest"`,
		"node.log_level":        `"debug"`,
		"node.log_format":       `"json"`,
		"chain.name":            `"other-1"`,
		"chain.max_weight":      `800_000`,
		"chain.pow_limit":       `"` + strings.Repeat("3f", 32) + `"`,
		"chain.genesis.bits":    `0x1f00ffff`,
		"chain.genesis.script":  `"51"`,
		"chain.addresses.hrp":   `"tb"`,
		"policy.dir":            `"elsewhere"`,
		"policy.difficulty":     `"asert"`,
		"policy.reward":         `"tail"`,
		"policy.admission":      `"netgroup"`,
		"policy.assign":         `"random"`,
		"rpc.listen":            `"127.0.0.1:1"`,
		"p2p.listen":            `"[::1]:9000"`,
		"p2p.host":              `"0.0.0.0"`,
		"p2p.join":              `["10.0.0.1:8000", "node.example:8001#` + strings.Repeat("0a", 32) + `"]`,
		"p2p.tracker":           `"tracker.example:9"`,
		"p2p.serve_tracker":     `"127.0.0.1:9"`,
		"wallet.address_type":   `"bech32"`,
		"mining.address":        `"mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8"`,
		"rpc.password":          `"correct horse"`,
		"chain.genesis.message": `"hällo \"world\""`,
	}
	if text, ok := special[k.Name]; ok {
		return text
	}
	switch v := present.(type) {
	case int64:
		return fmt.Sprint(v + 1)
	case bool:
		return fmt.Sprint(!v)
	case Duration:
		return fmt.Sprintf("%q", v+Duration(1e9))
	case []string:
		return `["a.example", "b"]`
	}
	return `"other"`
}

// asText is how a flag or variable gives a TOML value.
func asText(literal string) string {
	if list, ok := strings.CutPrefix(literal, "["); ok {
		return strings.ReplaceAll(strings.TrimSuffix(list, "]"), `"`, "")
	}
	if text, ok := strings.CutPrefix(literal, `"`); ok {
		return strings.ReplaceAll(strings.TrimSuffix(text, `"`), `\"`, `"`)
	}
	return literal
}

// TestEveryKeyEveryWay sets each key by file, by variable and by flag, and
// wants the same value, another than before, each time.
func TestEveryKeyEveryWay(t *testing.T) {
	// User and password come in pairs.
	companions := map[string][2]string{"rpc.user": {"rpc.password", `"p"`}, "rpc.password": {"rpc.user", `"u"`},
		"p2p.tls_cert": {"p2p.tls_key", `"k"`}, "p2p.tls_key": {"p2p.tls_cert", `"c"`}}
	base := mustLoad(t, "", nil, nil)
	for _, k := range Keys() {
		set := [][2]string{{k.Name, sample(k, k.value(&base.Config))}}
		at := k.Name
		if k.kind == paramsKind {
			at = k.Name + ".some_param"
			set = [][2]string{{at, `-7`}}
		}
		if pair, ok := companions[k.Name]; ok {
			set = append(set, pair)
		}
		var file string
		var environ, args []string
		for _, pair := range set {
			file += pair[0] + " = " + pair[1] + "\n" // TOML takes dotted keys too
			environ = append(environ, Key{Name: pair[0]}.Env()+"="+asText(pair[1]))
			args = append(args, "--"+pair[0], asText(pair[1]))
		}
		values := map[string]any{}
		for _, way := range []struct {
			name          string
			file          string
			environ, args []string
			kind          SourceKind
		}{
			{"file", file, nil, nil, File},
			{"environment", "", environ, nil, Environment},
			{"flag", "", nil, args, Flag},
		} {
			s, err := load(t, way.file, way.environ, way.args)
			if err != nil {
				t.Errorf("%s by %s: %v", k.Name, way.name, err)
				continue
			}
			if got := s.Source(at).Kind; got != way.kind {
				t.Errorf("%s by %s: source %v", at, way.name, got)
			}
			values[way.name] = k.value(&s.Config)
		}
		if reflect.DeepEqual(values["file"], k.value(&base.Config)) {
			t.Errorf("%s: the sample is the value in force", k.Name)
		}
		if !reflect.DeepEqual(values["file"], values["environment"]) || !reflect.DeepEqual(values["file"], values["flag"]) {
			t.Errorf("%s: file %#v, environment %#v, flag %#v", k.Name, values["file"], values["environment"], values["flag"])
		}
	}
}

func TestKeysAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		if k.Usage == "" || k.Name == "" || strings.HasSuffix(k.Name, ".") {
			t.Errorf("key %q has no name or usage", k.Name)
		}
		if seen[k.Name] {
			t.Errorf("key %q stands twice", k.Name)
		}
		seen[k.Name] = true
	}
	if seen[configFlag] {
		t.Error("a key is called as the flag --config")
	}
}

// TestFileOrPreset: which files are read.
func TestFileOrPreset(t *testing.T) {
	const file = "[chain]\nname = \"from-file\"\n"
	other := filepath.Join(t.TempDir(), "other.toml")
	if err := os.WriteFile(other, []byte("preset = \"regtest\"\n[chain]\nmaturity = 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name          string
		file          string
		environ, args []string
		chain         string
		maturity      int64
		read          string
	}{
		{"nothing", "", nil, nil, "lab", 5, ""},
		{"./config.toml", file, nil, nil, "from-file", 5, "config.toml"},
		{"--preset leaves it out", file, nil, []string{"--preset", "regtest"}, "regtest", 100, ""},
		{"--preset lab leaves it out too", file, nil, []string{"--preset=lab"}, "lab", 5, ""},
		{"by variable", file, []string{"ORRERY_PRESET=regtest"}, nil, "regtest", 100, ""},
		{"flag over variable", file, []string{"ORRERY_PRESET=regtest"}, []string{"--preset", "lab"}, "lab", 5, ""},
		{"--config", file, nil, []string{"--config", other}, "regtest", 7, other},
		{"--config by variable", file, []string{"ORRERY_CONFIG=" + other}, nil, "regtest", 7, other},
		{"both", file, nil, []string{"--config", other, "--preset", "lab"}, "lab", 7, other},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustLoad(t, c.file, c.environ, c.args)
			if s.Chain.Name != c.chain || s.Chain.Maturity != c.maturity || s.FileRead != c.read {
				t.Errorf("chain %q, maturity %d, read %q", s.Chain.Name, s.Chain.Maturity, s.FileRead)
			}
		})
	}
}

// TestSecretsStayHidden looks for a password in everything that can be printed.
func TestSecretsStayHidden(t *testing.T) {
	const password = "hunter2secret"
	s := mustLoad(t, "", []string{"ORRERY_RPC__USER=u", "ORRERY_RPC__PASSWORD=" + password}, nil)
	if s.RPC.Password.Reveal() != password {
		t.Fatalf("password %q", s.RPC.Password.Reveal())
	}
	shown, err := s.Show("")
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("%v %+v %#v %s %q %x %v", s.Config, s.Config, s.RPC, s.RPC.Password, s.RPC.Password, s.RPC.Password, shown)
	for _, faulty := range []struct {
		file          string
		environ, args []string
	}{
		{"[rpc]\npassword = \"" + password + "\"\n", nil, nil},                             // without a user
		{"[rpc]\nuser = 1\npassword = [\"" + password + "\"]\n", nil, nil},                 // wrong type
		{"[rpc]\npassword = \"" + password + "\n", nil, nil},                               // not TOML
		{"[rpc]\npassword = \"" + password + "\" x\n", nil, nil},                           // not TOML
		{"[rpc]\nuser = \"u\"\npassword = \"" + password + "\\u0007\"\n", nil, nil},        // control character
		{"[rpc]\npassword = { a = \"" + password + "\" }\n", nil, nil},                     // table
		{"", []string{"ORRERY_RPC__PASSWORD=" + password}, nil},                            // without a user
		{"", []string{"ORRERY_RPC__PASSWORT=" + password}, nil},                            // unknown
		{"", nil, []string{"--rpc.password", password}},                                    // without a user
		{"", nil, []string{"--rpc.user=u", "--rpc.password", password + "\n"}},             // newline
		{"", nil, []string{"--rpc.user=a:b", "--rpc.password", password, "--preset", "x"}}, // other faults
	} {
		_, err := load(t, faulty.file, faulty.environ, faulty.args)
		if err == nil {
			t.Errorf("no error for %+v", faulty)
			continue
		}
		out += err.Error()
	}
	if strings.Contains(out, "hunter2") || strings.Contains(out, fmt.Sprintf("%x", password)) {
		t.Errorf("the password shows:\n%s", out)
	}
}
