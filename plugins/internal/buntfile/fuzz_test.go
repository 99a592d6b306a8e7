package buntfile

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/tidwall/buntdb"
)

// FuzzSyntax wants that BuntDB reads whatever is let through: it panics, asks
// for all memory or goes on for ever with what is not.
func FuzzSyntax(f *testing.F) {
	for _, seed := range []string{
		"", "*3\r\n$3\r\nset\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$3\r\ndel\r\n$1\r\nk\r\n", "*3\r\n$3\r\nset\r\n$", "*2\r\n$1\r\nx\r\n$0\r\n\r\n",
		"\x00*1\r\n$7\r\nflushdb\r\n", "*3\r\n$3\r\nset\r\n$9223372036854775807\r\n", "*\r\n", "*3\r\n$0\r\n\r\n", "*03\r\n$003\r\nset\r\n$1\r\nk\r\n$0\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	db, err := buntdb.Open(":memory:")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = db.Close() })
	f.Fuzz(func(t *testing.T, file []byte) {
		if err := checkSyntax(bytes.NewReader(file)); err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("%v", err)
			}
			return
		}
		if err := db.Load(bytes.NewReader(file)); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("BuntDB does not take %q: %v", file, err)
		}
	})
}
