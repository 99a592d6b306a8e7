package peering

import (
	"fmt"
	"strings"

	"orrery/core/protocol"
)

const (
	maxLine   = 300 // bytes: peers choose parts of what is said
	sayBurst  = 20  // lines of one source at once
	sayEvery  = 20 * second
	allBurst  = 200 // lines of all peers at once
	allEvery  = second
	sayGroups = 256 // sources that are told apart
)

// say tells the owner of the node.
func (p *Peering) say(warn bool, format string, args ...any) {
	p.do(protocol.Say{Warn: warn, Text: clean(fmt.Sprintf(format, args...))})
}

// sayOf tells what somebody else caused. A source that causes much is left out
// for a while: 300 bytes every 20 s are 54 kB an hour.
func (p *Peering) sayOf(host string, warn bool, format string, args ...any) {
	s := p.said.of(NetGroup(host))
	if !s.bucket.take(p.now, 1, sayEvery, sayBurst) || !p.saidAll.take(p.now, 1, allEvery, allBurst) {
		s.count++
		return
	}
	text := fmt.Sprintf(format, args...)
	if s.count > 0 {
		text = fmt.Sprintf("%s (and %d more lines about %s)", text, s.count, NetGroup(host))
		s.count = 0
	}
	p.do(protocol.Say{Warn: warn, Text: clean(text)})
}

// clean makes one line of plain characters.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || 0x202a <= r && r <= 0x202e {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "") + "…"
	}
	return s
}
