package main

import (
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// setting matches a word that can only be meant as a setting, if perhaps a
// misspelt one.
var setting = regexp.MustCompile(`^--[a-z0-9]+\.[a-z0-9_.]+(=|$)`)

// cliArgs rewrites the arguments of "orrery cli" so that after the method's
// name nothing is a flag but settings: parameters may begin with "-". Other
// command lines stay as they are. settings are the flags of every command.
func cliArgs(args []string, settings *pflag.FlagSet) []string {
	at := command(args, settings)
	if at == len(args) || args[at] != "cli" {
		return args
	}
	before := append([]string{}, args[:at]...)
	own := []string{"cli"}
	rest := args[at+1:]
	for len(rest) > 0 && strings.HasPrefix(rest[0], "-") && rest[0] != "--" && rest[0] != "-" {
		word := doubleDash(rest[0])
		own, rest = append(own, word), rest[1:]
		if takesNext(word, settings) && len(rest) > 0 {
			own, rest = append(own, rest[0]), rest[1:]
		}
	}
	if len(rest) == 0 {
		return append(before, own...)
	}
	var params []string
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		if word == "--" {
			params = append(params, rest...)
			break
		}
		if !isSetting(word, settings) {
			params = append(params, word)
			continue
		}
		own = append(own, word)
		if takesNext(word, settings) && len(rest) > 0 {
			own, rest = append(own, rest[0]), rest[1:]
		}
	}
	return append(append(append(before, own...), "--"), params...)
}

// command is the index of the subcommand's name, len(args) if there is none.
func command(args []string, settings *pflag.FlagSet) int {
	for i := 0; i < len(args); i++ {
		switch word := args[i]; {
		case word == "--":
			return len(args)
		case !strings.HasPrefix(word, "-"):
			return i
		case takesNext(word, settings):
			i++
		}
	}
	return len(args)
}

// doubleDash lets bitcoin-cli's long options with one dash pass.
func doubleDash(word string) string {
	name, _, _ := strings.Cut(word, "=")
	switch name {
	case "-named", "-stdin", "-rpcwallet", "-wallet":
		return "-" + word
	}
	return word
}

func isSetting(word string, settings *pflag.FlagSet) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	return strings.HasPrefix(word, "--") && (settings.Lookup(name) != nil || setting.MatchString(word))
}

// takesNext reports whether a flag's value is the word after it.
func takesNext(word string, settings *pflag.FlagSet) bool {
	name, isLong := strings.CutPrefix(word, "--")
	if !isLong || strings.Contains(name, "=") {
		return false
	}
	if name == "wallet" || name == "rpcwallet" {
		return true
	}
	f := settings.Lookup(name)
	return f != nil && f.NoOptDefVal == ""
}
