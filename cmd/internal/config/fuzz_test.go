package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzConfig: no file, variable or flag makes Load panic or fail without
// saying where.
func FuzzConfig(f *testing.F) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(files, repositoryFile, "presets/regtest.toml") {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, "ORRERY_MINING__THREADS=2", "30")
	}
	f.Add([]byte("a.b.c = {d = [{e = 1}]}\n[[a.b]]\n[x.y]\n"), "ORRERY_POLICY__PARAMS__REWARD__A=1.5", `"`)
	file := filepath.Join(f.TempDir(), "fuzz.toml")
	f.Fuzz(func(t *testing.T, raw []byte, variable, text string) {
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		flags := NewFlags([]string{"--policy.params.reward.x"})
		for name, value := range map[string]string{"config": file, "policy.params.reward.x": text, "mining.address": text, "rpc.idle_timeout": text} {
			if err := flags.Set().Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Load(flags, []string{variable})
		if err != nil {
			var faults Errors
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		if _, err := s.Show(""); err != nil {
			t.Fatal(err)
		}
	})
}
