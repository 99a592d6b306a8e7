package scripts_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/holiman/uint256"

	"orrery/core/consensus"
	"orrery/core/policy"
	"orrery/plugins/lua"
	"orrery/scripts"
)

// What is active is a library script, to the byte: people who edit it can see
// what they started from.
func TestActive(t *testing.T) {
	for hook, name := range map[policy.Hook]string{policy.Difficulty: "lwma", policy.Subsidy: "halving", policy.Admission: "open", policy.Assign: "parent_range"} {
		active, err := scripts.Active(hook)
		if err != nil {
			t.Fatal(err)
		}
		library, err := scripts.Library(hook, name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(active, library) {
			t.Errorf("%s.lua is not library/%s/%s.lua", hook, hook, name)
		}
	}
	if _, err := scripts.Active("weather"); err == nil {
		t.Error("an unknown hook has a script")
	}
}

func TestLibrary(t *testing.T) {
	for hook, want := range map[policy.Hook]string{
		policy.Difficulty: "asert bitcoin dgw digishield fixed homestead lwma wtema",
		policy.Subsidy:    "constant halving linear tail",
		policy.Admission:  "allowlist netgroup open reputation",
		policy.Assign:     "cskip parent_range random sequential",
		"weather":         "",
	} {
		if got := strings.Join(scripts.Names(hook), " "); got != want {
			t.Errorf("%s: %s, want %s", hook, got, want)
		}
	}
	for _, name := range []string{"", "nothing", "../difficulty/lwma", "lwma.lua", ".", "/"} {
		_, err := scripts.Library(policy.Difficulty, name)
		if err == nil || !strings.Contains(err.Error(), "there are: asert, bitcoin") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// The bytes are hashed, so they must be the same on every system; and a script
// starts with its name and its parameters.
func TestFiles(t *testing.T) {
	used := regexp.MustCompile(`params\.([a-z_0-9]+)`)
	err := fs.WalkDir(scripts.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(scripts.FS(), path)
		if err != nil {
			return err
		}
		text := string(b)
		if !utf8.Valid(b) || strings.ContainsAny(text, "\r\t") || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: want UTF-8, LF, no tabs, a newline at the end", path)
		}
		name := strings.TrimSuffix(path[strings.LastIndex(path, "/")+1:], ".lua")
		if strings.Contains(path, "/") && !strings.HasPrefix(text, "-- "+name+": ") {
			t.Errorf("%s does not start with its name", path)
		}
		header, _, _ := strings.Cut(text, "\n\n")
		if !strings.Contains(header, "-- Parameters:") {
			t.Errorf("%s does not list its parameters", path)
		}
		for _, m := range used.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(header, "--   "+m[1]+" ") {
				t.Errorf("%s uses params.%s, but its header does not explain it", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var example = regexp.MustCompile("(?s)((?:<!-- test: [^\n]*-->\n)+)```lua\n(.*?)```")

// The examples of README.md run, and give what it says.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := example.FindAllStringSubmatch(string(text), -1)
	if len(found) != 4 || strings.Count(string(text), "```lua") != 4 {
		t.Fatalf("%d examples found", len(found))
	}
	for _, m := range found {
		for _, line := range strings.Split(strings.TrimSpace(m[1]), "\n") {
			fields := strings.TrimSuffix(strings.TrimPrefix(line, "<!-- test: "), " -->")
			if strings.HasPrefix(fields, "admit ") || strings.HasPrefix(fields, "punish ") || strings.HasPrefix(fields, "assign ") {
				runLocalExample(t, fields, []byte(m[2]))
			} else {
				runExample(t, fields, []byte(m[2]))
			}
		}
	}
}

func runExample(t *testing.T, fields string, source []byte) {
	t.Helper()
	var height int32
	var interval, target, wants int64
	difficulty, reward := source, []byte("function subsidy(block) return 0 end")
	if _, err := fmt.Sscanf(fields, "difficulty height=%d interval=%d target=%d wants=%d", &height, &interval, &target, &wants); err != nil {
		difficulty, reward = []byte("function target(chain) return pow_limit end"), source
		if _, err := fmt.Sscanf(fields, "reward height=%d wants=%d", &height, &wants); err != nil {
			t.Fatalf("%s: %v", fields, err)
		}
	}
	m := policy.Manifest{ABI: policy.ABI1, Budget: policy.DefaultBudget}
	m.Difficulty.Script, m.Reward.Script = policy.HashScript(difficulty), policy.HashScript(reward)
	r, err := lua.NewRules(m, lua.Source{File: "README.md", Text: difficulty}, lua.Source{File: "README.md", Text: reward},
		lua.Chain{Spacing: 60, PowLimit: *new(uint256.Int).SetAllOne()})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(1_700_000_000, 0x1d00ffff); err != nil {
		t.Fatal(err)
	}
	if w := r.Warnings(); len(w) > 0 {
		t.Error(w)
	}
	var got int64
	if target > 0 {
		v, err := r.Target(evenChain{height, interval, consensus.TargetToCompact(uint256.NewInt(uint64(target)))})
		if err != nil {
			t.Fatal(err)
		}
		got = int64(v.Uint64())
	} else if got, err = r.Subsidy(policy.Reward{Height: height}); err != nil {
		t.Fatal(err)
	}
	if got != wants {
		t.Errorf("%s: %d", fields, got)
	}
}

// evenChain has a block at each interval, all with the same bits.
type evenChain struct {
	height   int32
	interval int64
	bits     uint32
}

func (c evenChain) Height() int32            { return c.height }
func (c evenChain) Since() int32             { return 1 }
func (c evenChain) Time(h int32) int64       { return int64(h) * c.interval }
func (c evenChain) Bits(int32) uint32        { return c.bits }
func (c evenChain) MedianTime(h int32) int64 { return c.Time(max(h-5, 0)) }
func (c evenChain) Times(from, _ int32, dst []int64) {
	for i := range dst {
		dst[i] = c.Time(from + int32(i))
	}
}
func (c evenChain) BitsRange(_, _ int32, dst []uint32) {
	for i := range dst {
		dst[i] = c.bits
	}
}
