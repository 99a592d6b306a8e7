// Package scripts holds the policies that come with the program. README.md
// says how to write one.
package scripts

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"orrery/core/policy"
)

//go:embed *.lua library
var files embed.FS

// FS returns all scripts, for whoever copies them into a folder.
func FS() fs.FS { return files }

// Active returns the script of a hook that a new chain starts with.
func Active(hook policy.Hook) ([]byte, error) {
	b, err := files.ReadFile(string(hook) + ".lua")
	if err != nil {
		return nil, fmt.Errorf("no active script for the hook %q", hook)
	}
	return b, nil
}

// Library returns a library script by hook and name, as in "difficulty",
// "asert". The error of an unknown name lists the known ones.
func Library(hook policy.Hook, name string) ([]byte, error) {
	if fs.ValidPath(name) && path.Base(name) == name {
		if b, err := files.ReadFile(path.Join("library", string(hook), name+".lua")); err == nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("no %s script named %q; there are: %s", hook, name, strings.Join(Names(hook), ", "))
}

// Names lists the library scripts of a hook, sorted. It is empty for a hook
// without any.
func Names(hook policy.Hook) []string {
	entries, err := files.ReadDir(path.Join("library", string(hook)))
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries { // ReadDir sorts
		if n, ok := strings.CutSuffix(e.Name(), ".lua"); ok {
			names = append(names, n)
		}
	}
	return names
}
