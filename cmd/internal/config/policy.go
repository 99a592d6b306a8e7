package config

import (
	"path/filepath"
	"strings"

	"orrery/core/policy"
)

// Script says where the script of a hook comes from: the library by name, or a
// file. One of the two is set.
type Script struct {
	Library string // "lwma"
	File    string // "scripts/difficulty.lua"
}

// hooks are all hooks, in the order of the file.
var hooks = []policy.Hook{policy.Difficulty, policy.Subsidy, policy.Admission, policy.Assign}

// Script returns the script of a hook. A library name (policy.HOOK)
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
	switch hook {
	case policy.Subsidy:
		return s.Policy.Reward
	case policy.Admission:
		return s.Policy.Admission
	case policy.Assign:
		return s.Policy.Assign
	}
	return s.Policy.Difficulty
}

// unused says what counts instead of the key that names a script or the folder
// of the scripts; "" for a key that counts.
func (s *Settings) unused(key string) string {
	var named []string
	for _, hook := range hooks {
		script := s.Script(hook)
		if key == "policy."+string(hook) && script.File != "" {
			return script.File + " of policy.dir"
		}
		if script.File == "" {
			named = append(named, "policy."+string(hook))
		}
	}
	if key == "policy.dir" && s.Policy.Dir != "" && len(named) == len(hooks) {
		return strings.Join(named[:len(named)-1], ", ") + " and " + named[len(named)-1]
	}
	return ""
}

// ScriptParams returns the parameters of a hook's script.
func (s *Settings) ScriptParams(hook policy.Hook) Params {
	switch hook {
	case policy.Subsidy:
		return s.Policy.Params.Reward
	case policy.Admission:
		return s.Policy.Params.Admission
	case policy.Assign:
		return s.Policy.Params.Assign
	}
	return s.Policy.Params.Difficulty
}

// dropForeignParams forgets a preset's parameters where another script has
// been chosen: they belong to the preset's own.
func (s *Settings) dropForeignParams() {
	for _, hook := range hooks {
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
