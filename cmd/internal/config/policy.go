package config

import (
	"path/filepath"

	"orrery/core/policy"
)

// Script says where the script of a hook comes from: the library by name, or a
// file. One of the two is set.
type Script struct {
	Library string // "lwma"
	File    string // "scripts/difficulty.lua"
}

// Script returns the script of a consensus hook. A library name (policy.HOOK)
// and a folder (policy.dir) can both be set: the one set nearer to the command
// line counts, and where both are set in one place, the name.
func (s *Settings) Script(hook policy.Hook) Script {
	name := s.libraryName(hook)
	folder := s.Source("policy.dir").Kind > s.Source("policy."+string(hook)).Kind
	if s.Policy.Dir != "" && (name == "" || folder) {
		return Script{File: filepath.Join(s.Policy.Dir, string(hook)+".lua")}
	}
	return Script{Library: name}
}

func (s *Settings) libraryName(hook policy.Hook) string {
	if hook == policy.Subsidy {
		return s.Policy.Reward
	}
	return s.Policy.Difficulty
}

// unused says what counts instead of the key that names a script or the folder
// of the scripts; "" for a key that counts.
func (s *Settings) unused(key string) string {
	difficulty, reward := s.Script(policy.Difficulty), s.Script(policy.Subsidy)
	switch {
	case key == "policy.difficulty" && difficulty.File != "":
		return difficulty.File + " of policy.dir"
	case key == "policy.reward" && reward.File != "":
		return reward.File + " of policy.dir"
	case key == "policy.dir" && s.Policy.Dir != "" && difficulty.File == "" && reward.File == "":
		return "policy.difficulty and policy.reward"
	}
	return ""
}

// ScriptParams returns the parameters of a consensus hook's script.
func (s *Settings) ScriptParams(hook policy.Hook) Params {
	if hook == policy.Subsidy {
		return s.Policy.Params.Reward
	}
	return s.Policy.Params.Difficulty
}

// dropForeignParams forgets a preset's parameters where another script has
// been chosen: they belong to the preset's own.
func (s *Settings) dropForeignParams() {
	for _, hook := range []policy.Hook{policy.Difficulty, policy.Subsidy} {
		own := s.Script(hook).Library != "" && s.Source("policy."+string(hook)).Kind <= Preset
		if own {
			continue
		}
		for name := range s.ScriptParams(hook) {
			key := "policy.params." + string(hook) + "." + name
			if s.Source(key).Kind == Preset {
				delete(s.ScriptParams(hook), name)
				delete(s.sources, key)
			}
		}
	}
}
