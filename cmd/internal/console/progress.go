package console

import (
	"fmt"
	"strings"
	"time"

	"orrery/core/netsync"
	"orrery/core/node"
)

const (
	// quietSync is how long a sync may take before it is shown: a short one is
	// over before anybody has read of it.
	quietSync = 2 * time.Second
	// drawEvery and sayEvery are how often it is shown in place, and in lines.
	drawEvery = 200 * time.Millisecond
	sayEvery  = 10 * time.Second
	// usualTail is how long the numbers mostly are at most: they grow and shrink, and
	// the bar keeps its length.
	usualTail = 48
	// minBar and maxBar are the least and most columns of the bar.
	minBar, maxBar = 10, 40
	// someColumns are those of a terminal whose width nobody can tell.
	someColumns = 80
)

// status is an output that has a line which is written over.
type status interface{ Status(text string) }

// progress shows how far a sync is.
type progress struct {
	began time.Time // zero: there is none
	from  int32     // height of the tip then
	shown time.Time // last
}

// syncing reports whether the node is so far behind its peers that its blocks
// are not shown one by one, and shows how far it is.
func (c *Console) syncing(v *node.View) bool {
	slack := int32(fullLines)
	if !c.sync.began.IsZero() {
		slack = 0 // what was begun is shown to its end
	}
	if v.Net == nil || !behind(&v.Net.Sync, v.Tip.Height, slack) {
		c.endSync(v)
		return false
	}
	now := c.now()
	if c.sync.began.IsZero() {
		c.sync = progress{began: now, from: v.Tip.Height}
	}
	place, inPlace := c.out.(status)
	every := sayEvery
	if inPlace {
		every = drawEvery
	}
	if now.Sub(c.sync.began) < quietSync || now.Sub(c.sync.shown) < every {
		return true
	}
	c.sync.shown = now
	p := v.Net.Sync
	p.Blocks, p.Headers = v.Tip.Height, max(p.Headers, v.Tip.Height)
	switch {
	case inPlace:
		place.Status(syncLine(&p, c.width()))
	case c.out != nil:
		fmt.Fprintln(c.out, syncLine(&p, someColumns))
	default:
		c.log.Info("syncing", "headers", p.Headers, "blocks", p.Blocks, "goal", p.Goal, "blocks_per_second", int64(p.Rate), "eta_s", p.ETA)
	}
	return true
}

// behind reports whether the node lacks more blocks than slack. What peers claim
// counts until it has once had all that one had, later only what they have shown.
func behind(p *netsync.Progress, tip, slack int32) bool {
	goal := p.Headers
	if p.Initial && p.Peers > 0 {
		goal = max(goal, p.Goal)
	}
	return goal-tip > slack
}

// endSync takes the line away.
func (c *Console) endSync(v *node.View) {
	if c.sync.began.IsZero() {
		return
	}
	if place, ok := c.out.(status); ok {
		place.Status("")
	}
	if took := c.now().Sub(c.sync.began); took >= quietSync && v.Tip.Height > c.sync.from {
		n := int(v.Tip.Height - c.sync.from)
		c.say(fmt.Sprintf("synced %s in %s, %d a second", plural(n, "block", "blocks"), duration(int64(took.Seconds())), int64(float64(n)/took.Seconds())))
	}
	c.sync = progress{}
}

// syncLine tells how far a sync is, with a bar where there is room: it never
// takes the last column, behind which some terminals begin a new line.
func syncLine(p *netsync.Progress, columns int) string {
	if columns <= 0 {
		columns = someColumns
	}
	part := min(float64(p.Blocks+1)/float64(max(p.Goal, p.Headers, p.Blocks)+1), 1)
	left := "time unknown"
	if p.ETA >= 0 {
		left = duration(p.ETA) + " left"
	}
	head := fmt.Sprintf("  sync %3d %%", int(100*part))
	tail := fmt.Sprintf("  header %d  block %d  %d/s  %s", p.Headers, p.Blocks, int64(p.Rate), left)
	room := columns - 1 - len(head) - max(len(tail), usualTail) - len("  []")
	if room >= minBar {
		wide := min(room, maxBar)
		full := int(part * float64(wide))
		return head + "  [" + strings.Repeat("#", full) + strings.Repeat("-", wide-full) + "]" + tail
	}
	line := []rune(head + tail)
	return string(line[:min(len(line), columns-1)])
}

// duration writes seconds with at most two units.
func duration(s int64) string {
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	case s < 100*3600:
		return fmt.Sprintf("%d h %d min", s/3600, s/60%60)
	}
	return fmt.Sprintf("%d d", s/(24*3600))
}
