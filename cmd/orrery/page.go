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
	return &page{Writer: m.Stdout, colours: isTerminal(m.Stdout) && wantsColours(m.Env), columns: columnsOf(m.Stdout)}
}

// columnsOf is how wide a terminal is at this moment; 0 where nobody can tell.
func columnsOf(w any) (n int) {
	if f, ok := w.(*os.File); ok && isTerminal(f) {
		n, _, _ = term.GetSize(int(f.Fd()))
	}
	return n
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
	below bool // where a terminal is too narrow, a second line begins here
}

// table writes rows below their titles, if there are any titles. Columns in
// which every cell is empty are left out. Where a terminal is too narrow,
// transaction ids are shortened; whoever copies them takes --json. Where that
// does not do, a row gets a second line.
func (p *page) table(columns []column, rows [][]cell) {
	for _, row := range rows {
		for i := range row {
			row[i].text = printable(row[i].text)
		}
	}
	width := widths(columns, rows)
	if p.narrow(width) {
		for _, row := range rows {
			for i := range row {
				row[i].text = longID.ReplaceAllString(row[i].text, "$1…$2")
			}
		}
		width = widths(columns, rows)
	}
	fold := len(columns)
	if at := slices.IndexFunc(columns, func(c column) bool { return c.below }); at >= 0 && p.narrow(width) {
		fold = at
	}
	titled := false
	titles := make([]cell, len(columns))
	for i, c := range columns {
		titles[i] = cell{c.title, dim}
		titled = titled || c.title != ""
	}
	if titled {
		rows = append([][]cell{titles}, rows...)
	}
	for _, row := range rows {
		p.line("", columns[:fold], row[:fold], width[:fold])
		if fold < len(columns) {
			p.line("    ", columns[fold:], row[fold:], width[fold:])
		}
	}
}

// narrow reports whether columns of these widths do not fit the terminal.
func (p *page) narrow(width []int) bool {
	total := -2 // the last column has no space behind it
	for _, w := range width {
		if w > 0 {
			total += w + 2
		}
	}
	return p.columns > 0 && total > p.columns
}

// line writes a row, or a part of one.
func (p *page) line(indent string, columns []column, row []cell, width []int) {
	last := 0
	for i := range columns {
		if width[i] > 0 {
			last = i
		}
	}
	var b strings.Builder
	b.WriteString(indent)
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
