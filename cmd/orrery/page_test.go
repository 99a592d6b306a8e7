package main

import (
	"runtime"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	columns := []column{{title: "NAME"}, {title: "COINS", right: true}, {title: "EMPTY"}, {title: "LAST"}}
	rows := func() [][]cell {
		return [][]cell{
			{{"a", noColour}, {"1.50", green}, {}, {"x", noColour}},
			{{"zoë\x1b[31m", noColour}, {"123456.00", noColour}, {}, {}},
		}
	}
	var b strings.Builder
	(&page{Writer: &b}).table(columns, rows())
	want := "NAME          COINS  LAST\na              1.50  x\nzoë·[31m  123456.00\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	(&page{Writer: &b, colours: true}).table(columns, rows())
	if got := b.String(); !strings.Contains(got, "     \x1b[32m1.50\x1b[0m  x\n") || !strings.HasPrefix(got, "\x1b[2mNAME\x1b[0m") {
		t.Errorf("with colours %q", got)
	}
}

func TestWantsColours(t *testing.T) {
	for _, c := range []struct {
		env  string
		want bool
	}{
		{"", runtime.GOOS != "windows"},
		{"WT_SESSION=1", true},
		{"WT_SESSION=1 NO_COLOR=1", false},
		{"WT_SESSION=1 NO_COLOR=", true},
		{"WT_SESSION=1 TERM=dumb", false},
	} {
		if got := wantsColours(strings.Fields(c.env)); got != c.want {
			t.Errorf("%q: %v", c.env, got)
		}
	}
}

func TestChooseWallet(t *testing.T) {
	for _, c := range []struct {
		loaded string
		asked  string
		want   string
		fails  string
	}{
		{"default x", "x", "x", ""},
		{"default x", "", "default", ""},
		{"x", "", "x", ""},
		{"x y", "", "", "several wallets are loaded: say which with --wallet NAME (x, y)"},
		{"", "", "", "no wallet is loaded. Load one with 'orrery cli loadwallet NAME', or make one with 'orrery wallet create NAME'"},
		{"", "x", "", "no wallet is loaded. Load one with 'orrery cli loadwallet NAME', or make one with 'orrery wallet create NAME'"},
		{"y", "x", "", `no wallet "x" is loaded. Loaded: y. Load one with 'orrery cli loadwallet NAME', make one with 'orrery wallet create NAME'`},
	} {
		got, err := chooseWallet(strings.Fields(c.loaded), c.asked, c.asked != "", "default")
		if got != c.want || c.fails == "" && err != nil || c.fails != "" && (err == nil || err.Error() != c.fails) {
			t.Errorf("%q of %q: %q, %v", c.asked, c.loaded, got, err)
		}
	}
}

// TestNarrowTerminal: ids give way before rows get a second line, and only
// then; no line is wider than the terminal.
func TestNarrowTerminal(t *testing.T) {
	id := strings.Repeat("ab", 32)
	const short = "ababab…ababab:7"
	for columns, want := range map[int]string{
		0:  "A  C  B\nx  y  " + id + ":7\n",
		72: "A  C  B\nx  y  " + id + ":7\n",
		71: "A  C  B\nx  y  " + short + "\n",
		21: "A  C  B\nx  y  " + short + "\n",
		20: "A\n    C  B\nx\n    y  " + short + "\n",
	} {
		var b strings.Builder
		p := &page{Writer: &b, columns: columns}
		p.table([]column{{title: "A"}, {title: "EMPTY"}, {title: "C", below: true}, {title: "B"}}, [][]cell{{{"x", noColour}, {}, {"y", noColour}, {id + ":7", noColour}}})
		if got := b.String(); got != want {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
}
