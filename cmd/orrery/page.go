package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// colour is an ANSI code; plain text has none.
type colour string

const (
	noColour colour = ""
	bold     colour = "1"
	dim      colour = "2"
	red      colour = "31"
	green    colour = "32"
	yellow   colour = "33"
)

// page writes for people: aligned tables, and colours where they are seen.
type page struct {
	io.Writer
	colours bool
	columns int // of the terminal; 0: none, or unknown
}

func newPage(m *Main) *page {
	p := &page{Writer: m.Stdout, colours: isTerminal(m.Stdout) && wantsColours(m.Env)}
	if f, ok := m.Stdout.(*os.File); ok && isTerminal(f) {
		p.columns, _, _ = term.GetSize(int(f.Fd())) // 0 where nobody can tell
	}
	return p
}

// wantsColours follows https://no-color.org. The old console of Windows shows
// codes as they are.
func wantsColours(env []string) bool {
	value := func(name string) string {
		for _, e := range slices.Backward(env) {
			if v, ok := strings.CutPrefix(e, name+"="); ok {
				return v
			}
		}
		return ""
	}
	if runtime.GOOS == "windows" && value("WT_SESSION") == "" {
		return false
	}
	return value("NO_COLOR") == "" && value("TERM") != "dumb"
}

func (p *page) paint(c colour, text string) string {
	if !p.colours || c == noColour {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// printf writes a line's worth of text. Errors of the terminal are nobody's
// to mend.
func (p *page) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// cell is one field of a table.
type cell struct {
	text   string
	colour colour
}

// column is how a table shows its cells.
type column struct {
	title string
	right bool // flush right, as numbers
}

// table writes rows below their titles, if there are any titles. Columns in
// which every cell is empty are left out. Where a terminal is too narrow,
// transaction ids are shortened; whoever copies them takes --json.
func (p *page) table(columns []column, rows [][]cell) {
	for _, row := range rows {
		for i := range row {
			row[i].text = printable(row[i].text)
		}
	}
	width := widths(columns, rows)
	if total := 2 * len(columns); p.columns > 0 && sum(width)+total > p.columns {
		for _, row := range rows {
			for i := range row {
				row[i].text = longID.ReplaceAllString(row[i].text, "$1…$2")
			}
		}
		width = widths(columns, rows)
	}
	last, titled := 0, false
	titles := make([]cell, len(columns))
	for i, c := range columns {
		if width[i] > 0 {
			last = i
		}
		titles[i] = cell{c.title, dim}
		titled = titled || c.title != ""
	}
	if titled {
		rows = append([][]cell{titles}, rows...)
	}
	for _, row := range rows {
		var b strings.Builder
		for i, c := range row {
			if width[i] == 0 {
				continue
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.text))
			switch text := p.paint(c.colour, c.text); {
			case columns[i].right:
				b.WriteString(pad + text)
			case i == last:
				b.WriteString(text)
			default:
				b.WriteString(text + pad)
			}
			if i != last {
				b.WriteString("  ")
			}
		}
		p.printf("%s\n", strings.TrimRight(b.String(), " "))
	}
}

// longID is a transaction id, with the index of an output or without.
var longID = regexp.MustCompile(`^([0-9a-f]{6})[0-9a-f]{52}([0-9a-f]{6}(?::\d+)?)$`)

// widths is how wide each column must be; 0 for one that has nothing.
func widths(columns []column, rows [][]cell) []int {
	width := make([]int, len(columns))
	for _, row := range rows {
		for i := range row {
			width[i] = max(width[i], utf8.RuneCountInString(row[i].text))
		}
	}
	for i, c := range columns {
		if width[i] > 0 {
			width[i] = max(width[i], utf8.RuneCountInString(c.title))
		}
	}
	return width
}

func sum(list []int) (n int) {
	for _, x := range list {
		n += x
	}
	return n
}

// printable keeps a label from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, text)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
