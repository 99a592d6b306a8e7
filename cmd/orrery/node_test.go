package main

import "testing"

func TestProgramName(t *testing.T) {
	for called, want := range map[string]string{
		"orrery":                               "orrery",
		"./orrery":                             "./orrery",
		"/usr/local/bin/orrery-of-a-long-name": "/usr/local/bin/orrery-of-a-long-name",
		"/home/a b/orrery":                     `"/home/a b/orrery"`,
		"/home/go-build/orrery":                "/home/go-build/orrery",
		`C:\bin\orrery.exe`:                    `C:\bin\orrery.exe`,
		"":                                     "orrery",
		"/tmp/go-build2994003210/b001/exe/orrery":                                                            "go run ./cmd/orrery",
		"/root/.cache/go-build/40/4069bf3ffdf74e6edf20215688a0be6d1a1c2fa42f38f13d45078b4b0db33177-d/orrery": "go run ./cmd/orrery",
		`C:\Temp\go-build1\b001\exe\orrery.exe`:                                                              "go run ./cmd/orrery",
	} {
		if got := programName(called); got != want {
			t.Errorf("%q is shown as %q, not %q", called, got, want)
		}
	}
}
