package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGoldenErrors compares all faults of each testdata/*.toml with the text
// beside it: file, line, column and sentence.
func TestGoldenErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %d files", err, len(files))
	}
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			_, err = load(t, string(raw), nil, nil)
			var faults Errors
			if !errors.As(err, &faults) {
				t.Fatalf("error %v", err)
			}
			got := faults.Error() + "\n"
			golden := filepath.Join(folder, strings.TrimSuffix(file, ".toml")+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestSlips: who forgets quotes, or does not know TOML's rules, is told so.
func TestSlips(t *testing.T) {
	const quotes = "texts stand in quotes"
	for line, want := range map[string]string{
		"data_dir = data":                "12: not TOML: expected a value; " + quotes,
		"data_dir = 1st":                 "13: not TOML: the line should end here; " + quotes + ", and large numbers are written as 1_000",
		"data_dir = info":                "15: not TOML: the line should end here; " + quotes + ", and large numbers are written as 1_000",
		`data_dir = "C:\data"`:           `16: not TOML: a backslash stands for itself in '…', in "…" it must be doubled`,
		`data_dir = "C:\Users\me"`:       `17: not TOML: a backslash stands for itself in '…', in "…" it must be doubled`,
		"data_dir = 127.0.0.1":           "17: not TOML: this is no number; " + quotes,
		"data_dir = 1e53e2d6":            "12: not TOML: this is no number; " + quotes + ", and hexadecimal digits follow 0x",
		"data_dir = 0x":                  "12: not TOML: a number does not begin with 0; " + quotes,
		"data_dir = 9999999999999999999": "12: not TOML: this is no integer of 64 bits",
		"ö = 1":                          "1: not TOML: a key is of a–z, 0–9 and _",
	} {
		if _, err := load(t, "[node]\n"+line+"\n", nil, nil); err == nil || err.Error() != "config.toml:2:"+want {
			t.Errorf("%s\n got %v\nwant config.toml:2:%s", line, err, want)
		}
	}
}

// TestErrorsOfFlagsAndVariables wants the name that was typed and the sentence.
func TestErrorsOfFlagsAndVariables(t *testing.T) {
	for _, c := range []struct {
		environ, args []string
		want          string
	}{
		{nil, []string{"--mining.threads", "2000"}, "--mining.threads is 2000, must be 0 … 1024"},
		{nil, []string{"--mining.threads", "two"}, "--mining.threads must be an integer"},
		{nil, []string{"--mining.threads", "010"}, "--mining.threads must be an integer"},
		{nil, []string{"--mining.threads", "99999999999999999999"}, "--mining.threads must be an integer"},
		{nil, []string{"--mining.threads="}, "--mining.threads must be an integer"},
		{nil, []string{"--mining.enabled=yes"}, "--mining.enabled must be true or false"},
		{nil, []string{"--rpc.idle_timeout", "5"}, `--rpc.idle_timeout must be a duration with its unit, such as "90s" or "1h30m"`},
		{nil, []string{"--rpc.idle_timeout", "1ms"}, "--rpc.idle_timeout is 1ms, must be 1s … 24h"},
		{nil, []string{"--preset", "mainnet"}, `--preset "mainnet" does not exist; take one of lab, regtest`},
		{nil, []string{"--config", "missing.toml"}, "--config: cannot read the settings: open missing.toml: no such file or directory"},
		{nil, []string{"--config", ""}, "--config: needs the name of a file"},
		{nil, []string{"--p2p.join", "10.0.0.1"}, `--p2p.join is "10.0.0.1", must be HOST:PORT, such as 127.0.0.1:18443`},
		{nil, []string{"--p2p.join", "10.0.0.1:0"}, `--p2p.join is "10.0.0.1:0", whose port must be 1 … 65535`},
		{nil, []string{"--p2p.join", "a:1#b"}, `--p2p.join has "a:1#b", whose part behind # must be a network id of 64 lower-case hex digits`},
		{nil, []string{"--rpc.listen", ":1"}, `--rpc.listen is ":1", whose host must be an IP address or a host name (0.0.0.0: all interfaces)`},
		{nil, []string{"--policy.params.reward.x", "1.5"}, `--policy.params.reward.x must be an integer, a text or true|false, found another number; quote it twice ('"1.5"') to pass a text`},
		{nil, []string{"--policy.params.reward.x", "9007199254740992"}, "--policy.params.reward.x is 9007199254740992, must be between -2^53 and 2^53: scripts count exactly no further"},
		{nil, []string{"--policy.params.reward.x", strings.Repeat("a", 513)}, "--policy.params.reward.x must be UTF-8 of at most 512 bytes"},
		{nil, []string{"--policy.params.reward.x", "[1]"}, "--policy.params.reward.x must be an integer, a text or true|false, found a list or table"},
		{nil, []string{"--policy.difficulty", "../x"}, `--policy.difficulty is "../x", must be one of asert, bitcoin, dgw, digishield, fixed, homestead, lwma, wtema; set policy.dir for files of your own`},
		{nil, []string{"--policy.reward", "nope"}, `--policy.reward is "nope", must be one of constant, halving, linear, tail; set policy.dir for files of your own`},
		{nil, []string{"--mining.address", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"}, `--mining.address "1BoatSLRHtKNngkdXEeobR76b53LETtpyT" is no address of this chain (see [chain.addresses]): Invalid or unsupported Base58-encoded address.`},
		{nil, []string{"--chain.genesis.bits", "0x1d00ffff"}, "--chain.genesis.bits 1d00ffff asks for 4295032833 hashes, at most 268435456 are searched when a chain is made; take an easier target"},
		{[]string{"ORRERY_MINING__THREADS=-1"}, nil, "ORRERY_MINING__THREADS is -1, must be 0 … 1024"},
		{[]string{"ORRERY_MINING__THREAD=1"}, nil, "ORRERY_MINING__THREAD: unknown key mining.thread; did you mean mining.threads?"},
		{[]string{"ORRERY_mining__threads=1"}, nil, `ORRERY_mining__threads: unknown variable; settings are ORRERY_SECTION__KEY in capitals, "orrery config keys" lists all`},
		{[]string{"ORRERY_MINING=1"}, nil, "ORRERY_MINING is a section: it must have a key's name behind it"},
		{[]string{"ORRERY_QWERTYUIOP=1"}, nil, `ORRERY_QWERTYUIOP: unknown key qwertyuiop; "orrery config keys" lists all`},
		{[]string{"ORRERY_=1"}, nil, `ORRERY_: unknown key ""; "orrery config keys" lists all`},
		{[]string{"ORRERY_CONFIG="}, nil, "ORRERY_CONFIG: needs the name of a file"},
		{[]string{"ORRERY_POLICY__PARAMS__REWARD=1"}, nil, "ORRERY_POLICY__PARAMS__REWARD must have the parameter's name behind it"},
	} {
		_, err := load(t, "", c.environ, c.args)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q %q\n got %v\nwant %s", c.environ, c.args, err, c.want)
		}
	}
}

// TestFaultsInTheFile: what only other packages know is told with its place too.
// The address is one of the chain that the same settings describe.
func TestFaultsInTheFile(t *testing.T) {
	const mainnet = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
	for file, want := range map[string]string{
		"[policy]\ndifficulty = \"nope\"\n":                                                    `config.toml:2:1: policy.difficulty is "nope", must be one of asert, `,
		"[mining]\naddress = \"" + mainnet + "\"\n":                                            `config.toml:2:1: mining.address "` + mainnet + `" is no address of this chain`,
		"[mining]\naddress = \"" + mainnet + "\"\n[chain.addresses]\np2pkh = 0\n":              "",
		"[mining]\naddress = \"" + mainnet + "\"\n[chain.addresses]\np2pkh = 0\nhrp = \"A\"\n": "config.toml:5:1: chain.addresses.hrp",
	} {
		_, err := load(t, file, nil, nil)
		got := fmt.Sprint(err)
		if want == "" && err != nil || !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%q\n got %s\nwant %s", file, got, want)
		}
	}
}

func TestParamTypes(t *testing.T) {
	for text, want := range map[string]any{
		"30": int64(30), "-7": int64(-7), "0x10": int64(16), "1_000": int64(1000),
		"true": true, "false": false, "word": "word", `"30"`: "30", `'a"b'`: `a"b`, "": "", "two words": "two words",
	} {
		s := mustLoad(t, "", nil, []string{"--policy.params.difficulty.x=" + text})
		if got := s.Policy.Params.Difficulty["x"]; got != want {
			t.Errorf("%q became %#v, want %#v", text, got, want)
		}
	}
	// A double underscore belongs to the parameter's name.
	s := mustLoad(t, "", []string{"ORRERY_POLICY__PARAMS__REWARD__A__B=5"}, nil)
	if got := s.Policy.Params.Reward["a__b"]; got != int64(5) {
		t.Errorf("a__b is %#v", got)
	}
}

// TestAllFaultsAtOnce: one run names every mistake, nearest source first.
func TestAllFaultsAtOnce(t *testing.T) {
	_, err := load(t, "[mining]\nthreads = -1\nmin_fee = \"x\"\n", []string{"ORRERY_RPC__HOSTS=a:1"}, []string{"--node.log_level", "loud"})
	want := strings.Join([]string{
		`--node.log_level is "loud", must be one of debug, info, warn, error`,
		`ORRERY_RPC__HOSTS has "a:1" in it, must be host names without a port`,
		"config.toml:2:1: mining.threads is -1, must be 0 … 1024",
		"config.toml:3:1: mining.min_fee must be an integer, found a text",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestManyFaults: a file of another program gives some errors, not thousands.
func TestManyFaults(t *testing.T) {
	_, err := load(t, keysOfNothing(9_000), nil, nil)
	var faults Errors
	if !errors.As(err, &faults) || len(faults) != maxFaults+1 {
		t.Fatalf("%d faults", len(faults))
	}
}

func keysOfNothing(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%d = 1\n", i)
	}
	return b.String()
}
