package config

import (
	"embed"
	"strings"
)

//go:embed presets/*.toml
var presetFiles embed.FS

// PresetNames lists the built-in presets in alphabetical order.
func PresetNames() []string {
	entries, err := presetFiles.ReadDir("presets")
	if err != nil {
		panic("config: embedded presets: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return names
}

func presetTOML(name string) ([]byte, bool) {
	for _, known := range PresetNames() {
		if name == known {
			raw, err := presetFiles.ReadFile("presets/" + name + ".toml")
			return raw, err == nil
		}
	}
	return nil, false
}
