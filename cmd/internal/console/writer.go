package console

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// writerLimit bounds what waits for the reader, in bytes: some thousands of
	// lines, more than a start or a fast chain writes in a moment.
	writerLimit = 1 << 20
	// lastWrite is how long the end waits for the reader.
	lastWrite = 2 * time.Second
)

// Writer passes on what a node prints, but never waits for a reader: a stopped
// terminal, or a pipe that nobody empties, would stop the node, and keep it from
// ending. What does not fit is left out, and reported as soon as there is room.
type Writer struct {
	out io.Writer

	mu      sync.Mutex
	waiting []byte
	status  string // the line that is to stand below all others
	drawn   string // the one that does
	within  bool   // the end of the last line did not come yet
	lost    int    // writes since the last report
	log     *slog.Logger
	closed  bool

	more  chan struct{} // holds one: there is something to do
	ended chan struct{}
}

// NewWriter starts to write to out. Close ends that.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{out: out, more: make(chan struct{}, 1), ended: make(chan struct{})}
	go w.run()
	return w
}

// ReportTo sets the log, which may write to w itself, for what was left out.
func (w *Writer) ReportTo(log *slog.Logger) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = log
}

// Write keeps p to be written. It never fails: no caller could do anything about
// a reader who is gone.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	if len(w.waiting)+len(p) <= writerLimit {
		w.waiting = append(w.waiting, p...)
	} else {
		w.lost++
	}
	w.mu.Unlock()
	w.wake()
	return len(p), nil
}

// Status sets a line that stays below all others and is written over, "" for
// none. It must fit the terminal.
func (w *Writer) Status(text string) {
	w.mu.Lock()
	w.status = text
	w.mu.Unlock()
	w.wake()
}

func (w *Writer) wake() {
	select {
	case w.more <- struct{}{}:
	default:
	}
}

func (w *Writer) run() {
	defer close(w.ended)
	for range w.more {
		for {
			w.mu.Lock()
			text, lost, log, closed := w.waiting, w.lost, w.log, w.closed
			if closed {
				w.status = ""
			}
			text = w.place(text)
			w.waiting, w.lost = nil, 0
			w.mu.Unlock()
			if lost > 0 && log != nil {
				log.Warn("output was left out, nobody read it", "lines", lost)
			}
			if len(text) > 0 {
				_, _ = w.out.Write(text)
			} else if closed {
				return
			} else {
				break
			}
		}
	}
}

// place puts text above the line of Status. It is called with the lock.
func (w *Writer) place(text []byte) []byte {
	if len(text) == 0 && (w.status == w.drawn || w.within) {
		return nil
	}
	var b []byte
	if w.drawn != "" {
		b = fmt.Appendf(b, "\r%*s\r", utf8.RuneCountInString(w.drawn), "")
	}
	b = append(b, text...)
	if len(text) > 0 {
		w.within = text[len(text)-1] != '\n'
	}
	w.drawn = ""
	if !w.within {
		w.drawn = w.status
	}
	return append(b, w.drawn...)
}

// Close writes what still waits. A reader who takes nothing is given up, and the
// goroutine that writes to him is left: nothing can end a write.
func (w *Writer) Close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.wake()
	limit := time.NewTimer(lastWrite)
	defer limit.Stop()
	select {
	case <-w.ended:
	case <-limit.C:
	}
}
