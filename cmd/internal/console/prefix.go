package console

import (
	"bytes"
	"io"
	"sync"
)

// Prefix writes whole lines with a label before each, so that several nodes can
// share a terminal. It is safe for concurrent use.
type Prefix struct {
	out io.Writer

	mu    sync.Mutex
	label string
	line  []byte // the begin of a line whose end did not come yet
}

// NewPrefix labels what is written to out.
func NewPrefix(out io.Writer, label string) *Prefix { return &Prefix{out: out, label: label} }

// Label changes what stands before the lines that follow.
func (p *Prefix) Label(label string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.label = label
}

// Write passes on complete lines, all of one call together.
func (p *Prefix) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = append(p.line, b...)
	end := bytes.LastIndexByte(p.line, '\n') + 1
	if end == 0 {
		return len(b), nil
	}
	var text []byte
	for line := range bytes.Lines(p.line[:end]) {
		text = append(append(append(text, p.label...), " | "...), line...)
	}
	p.line = append(p.line[:0], p.line[end:]...)
	if _, err := p.out.Write(text); err != nil {
		return 0, err
	}
	return len(b), nil
}
