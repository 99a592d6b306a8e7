package chaintest

import (
	"fmt"
	"strings"
)

// edge is a block of a drawn tree and what it builds on.
type edge struct{ name, parent string }

// word is a name in a drawing, with the columns that it covers.
type word struct {
	name       string
	start, end int
}

// parseTree reads a drawing such as
//
//	genesis ── a1 ── a2 ── a3
//	            └─── b2 ── b3
//
// A branch begins with └ or ├ below the name of the block that it leaves, with
// any number of │ between. Each block comes after its parent.
func parseTree(drawing string) ([]edge, error) {
	var edges []edge
	var lines [][]rune
	var words [][]word
	for text := range strings.SplitSeq(strings.Trim(drawing, "\n"), "\n") {
		line := []rune(text)
		row, err := wordsOf(line)
		if err != nil {
			return nil, err
		}
		lines, words = append(lines, line), append(words, row)
		for i, w := range row {
			parent := ""
			switch {
			case i > 0:
				parent = row[i-1].name
			case len(edges) > 0 || len(lines) > 1:
				if parent, err = above(lines, words, w); err != nil {
					return nil, err
				}
			}
			edges = append(edges, edge{w.name, parent})
		}
	}
	return edges, nil
}

func wordsOf(line []rune) ([]word, error) {
	var row []word
	for c := 0; c < len(line); c++ {
		switch {
		case strings.ContainsRune(" \t─│├└", line[c]):
		case isNameRune(line[c]):
			start := c
			for c < len(line) && isNameRune(line[c]) {
				c++
			}
			row = append(row, word{string(line[start:c]), start, c})
		default:
			return nil, fmt.Errorf("%q in the tree %q", line[c], string(line))
		}
	}
	return row, nil
}

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// above finds what the last line's first word branches off.
func above(lines [][]rune, words [][]word, first word) (string, error) {
	last := lines[len(lines)-1]
	corner := first.start - 1
	for corner >= 0 && (last[corner] == ' ' || last[corner] == '─') {
		corner--
	}
	if corner < 0 || !strings.ContainsRune("└├", last[corner]) {
		return "", fmt.Errorf("no └ or ├ before %s", first.name)
	}
	for r := len(lines) - 2; r >= 0; r-- {
		for _, w := range words[r] {
			if w.start <= corner && corner < w.end {
				return w.name, nil
			}
		}
		if corner >= len(lines[r]) || !strings.ContainsRune("│├", lines[r][corner]) {
			return "", fmt.Errorf("nothing above the branch of %s", first.name)
		}
	}
	return "", fmt.Errorf("nothing above the branch of %s", first.name)
}
