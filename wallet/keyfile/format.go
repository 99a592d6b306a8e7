// Package keyfile stores what a wallet cannot rebuild from the chain: its
// words, how many addresses were handed out, and labels. One small JSON file
// holds it, replaced as a whole, so that a crash leaves the old or the new
// file and never less.
package keyfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	formatName = "orrery-wallet"
	version    = 1
	// maxSize bounds what is read, in bytes: a million labels are less.
	maxSize = 64 << 20
)

// What opening refuses; the file stays as it is. Each is wrapped in a sentence
// that names the file.
var (
	ErrDamaged   = errors.New("the wallet file is damaged")
	ErrNewer     = errors.New("the wallet file is of a newer version")
	ErrEncrypted = errors.New("the wallet file is encrypted")
	ErrInUse     = errors.New("the wallet is in use")
	ErrExists    = errors.New("the wallet exists already")
)

// DamagedError is an ErrDamaged.
type DamagedError struct {
	Path   string
	Reason string // why the file is no wallet, as "it is empty"
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the wallet file %s is damaged (%s): put back a copy, or move it away and restore it from its words", e.Path, e.Reason)
}

// Is makes errors.Is know it.
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

// damaged lacks the path, which decode does not know.
func damaged(format string, args ...any) error {
	return &DamagedError{Reason: fmt.Sprintf(format, args...)}
}

// unreadable says in words what the JSON reader found.
func unreadable(raw []byte, err error) error {
	var syntax *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(raw)) == 0:
		return damaged("it is empty")
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(raw)):
		return damaged("it ends too early")
	case errors.As(err, &syntax):
		return damaged("it cannot be read from byte %d on", syntax.Offset)
	}
	return damaged("its parts are not those of a wallet file")
}

// Content is what a wallet file holds.
type Content struct {
	Words   string `json:"words"`   // BIP39 mnemonic: the secret
	Created int64  `json:"created"` // seconds since 1970
	// Birthday is a block of the chain at which the words were new, so that
	// nothing before it can pay to the wallet; nil when the words are older
	// than the file.
	Birthday *Block    `json:"birthday"`
	Gap      uint32    `json:"gap"`    // addresses to look ahead
	Next     []Counter `json:"next"`   // by branch
	Labels   []Label   `json:"labels"` // sorted by address
}

// Block names a block: its hash as people see it (byte-reversed), and its
// height.
type Block struct {
	Hash   string `json:"hash"`
	Height int32  `json:"height"`
}

// Counter says from which index on no address of a branch was handed out.
type Counter struct {
	Branch string `json:"branch"`
	Index  uint32 `json:"index"`
}

// Label is a person's name for an address.
type Label struct {
	Address string `json:"address"`
	Label   string `json:"label"`
}

// envelope is the file. Crypto is null in version 1; once a wallet is
// encrypted it will hold the parameters, and Content the sealed text.
type envelope struct {
	Format   string          `json:"format"`
	Version  int             `json:"version"`
	Crypto   json.RawMessage `json:"crypto"`
	Content  json.RawMessage `json:"content"`
	Checksum string          `json:"checksum"` // hex
}

// sum is SHA-256 over the parts in compact form, so that the file may be laid
// out for reading.
func (e *envelope) sum() (string, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%d\n", e.Format, e.Version)
	for _, part := range []json.RawMessage{e.Crypto, e.Content} {
		if err := json.Compact(&b, part); err != nil {
			return "", err
		}
		b.WriteByte('\n')
	}
	h := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(h[:]), nil
}

func encode(c Content) ([]byte, error) {
	content, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	e := envelope{Format: formatName, Version: version, Crypto: json.RawMessage("null"), Content: content}
	if e.Checksum, err = e.sum(); err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(e, "", "  ")
	return append(raw, '\n'), err
}

func decode(raw []byte) (c Content, err error) {
	var head struct {
		Format  string          `json:"format"`
		Version int             `json:"version"`
		Crypto  json.RawMessage `json:"crypto"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return c, unreadable(raw, err)
	}
	switch {
	case head.Format != formatName:
		return c, damaged("it is not a wallet file")
	case head.Version > version:
		return c, fmt.Errorf("%w (%d, this program knows %d): use a newer program", ErrNewer, head.Version, version)
	case head.Version < 1:
		return c, damaged("there is no version %d", head.Version)
	}
	var e envelope
	if err := strict(raw, &e); err != nil {
		return c, unreadable(raw, err)
	}
	// An absent part compacts to an error, not to an empty sum.
	sum, err := e.sum()
	if err != nil || sum != e.Checksum {
		return c, damaged("its checksum does not fit")
	}
	if string(bytes.TrimSpace(e.Crypto)) != "null" {
		return c, fmt.Errorf("%w, which this program cannot open yet: use a newer program", ErrEncrypted)
	}
	if err := strict(e.Content, &c); err != nil {
		return Content{}, unreadable(e.Content, err)
	}
	return c, nil
}

func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("data after its end")
	}
	return nil
}
