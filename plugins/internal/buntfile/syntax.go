package buntfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

const (
	// maxPart is the longest key or value, in bytes, with room to spare.
	maxPart = 1024
	// maxLine is the longest line that tells a length: "$1024\r\n".
	maxLine = 8
)

// checkSyntax reads the file as BuntDB will: commands "set key value" and "del
// key", each part with its length before it. BuntDB believes every length: a
// wrong one makes it panic, ask for all memory, or never return. A command
// that the end of the file cuts is none: BuntDB leaves it out.
func checkSyntax(f io.Reader) error {
	r := bufio.NewReaderSize(f, 1<<16)
	for {
		_, err := r.Peek(1)
		if err == nil {
			err = checkCommand(r)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
}

func checkCommand(r *bufio.Reader) error {
	parts, err := length(r, '*')
	if err != nil {
		return err
	}
	var part [maxPart + 2]byte
	for i := range parts {
		n, err := length(r, '$')
		if err != nil {
			return err
		}
		if _, err := io.ReadFull(r, part[:n+2]); errors.Is(err, io.ErrUnexpectedEOF) {
			return io.EOF
		} else if err != nil {
			return err
		}
		if part[n] != '\r' || part[n+1] != '\n' {
			return errors.New("a part does not end where it should")
		}
		if name := string(part[:n]); i == 0 && !(name == "set" && parts == 3 || name == "del" && parts == 2) {
			return fmt.Errorf("unknown command %q of %d parts", name, parts)
		}
	}
	if parts == 0 {
		return errors.New("a command without parts")
	}
	return nil
}

// length reads a line of a mark and a number.
func length(r *bufio.Reader, mark byte) (int, error) {
	n := 0
	for i := range maxLine {
		c, err := r.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case i == 0 && c == mark:
		case i > 0 && c >= '0' && c <= '9':
			n = n*10 + int(c-'0')
		case i > 1 && c == '\r':
			if c, err = r.ReadByte(); err == nil && c != '\n' {
				err = fmt.Errorf("%q after a length", c)
			}
			if err == nil && n > maxPart {
				err = fmt.Errorf("a length of %d bytes", n)
			}
			return n, err
		default:
			return 0, fmt.Errorf("%q where a length should be", c)
		}
	}
	return 0, errors.New("a length without an end")
}
