package console

import (
	"io"
	"log/slog"
	"sync"
	"time"
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
	lost    int // writes since the last report
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
