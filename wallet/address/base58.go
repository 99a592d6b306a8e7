package address

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/mr-tron/base58"
)

const (
	checksumSize = 4
	// maxBase58Text bounds the text before it is decoded, because decoding
	// takes time that grows faster than the length. 100 bytes, the longest
	// that Core decodes to explain a mistake, are at most 137 characters.
	maxBase58Text = 200
	maxBase58Data = 100
)

// ErrBase58 says that a text is not Base58, or too long to be looked at.
var ErrBase58 = errors.New("not Base58 text")

// ErrChecksum says that a text is Base58, but its checksum does not fit or it
// is longer than asked for.
var ErrChecksum = errors.New("the checksum of the Base58 text does not fit")

// EncodeBase58Check appends the first four bytes of the payload's double
// SHA-256 and writes everything in Base58.
func EncodeBase58Check(payload []byte) string {
	sum := checksum(payload)
	return base58.Encode(append(append([]byte(nil), payload...), sum[:]...))
}

// DecodeBase58Check returns the payload (version byte included, checksum
// removed) when it is at most maxLen bytes. The error is ErrBase58 or
// ErrChecksum. White space around the text is skipped, as Core's
// DecodeBase58 does.
func DecodeBase58Check(text string, maxLen int) ([]byte, error) {
	data, err := decodeBase58(text)
	if err != nil {
		return nil, err
	}
	n := len(data) - checksumSize
	if n < 0 || n > maxLen {
		return nil, ErrChecksum
	}
	sum := checksum(data[:n])
	if subtle.ConstantTimeCompare(sum[:], data[n:]) != 1 {
		return nil, ErrChecksum
	}
	return data[:n:n], nil
}

func decodeBase58(text string) ([]byte, error) {
	if len(text) > maxBase58Text {
		return nil, ErrBase58
	}
	text = strings.Trim(text, " \f\n\r\t\v")
	if text == "" {
		return nil, nil
	}
	data, err := base58.Decode(text)
	if err != nil || len(data) > maxBase58Data {
		return nil, ErrBase58
	}
	return data, nil
}

func checksum(payload []byte) [checksumSize]byte {
	first := sha256.Sum256(payload)
	second := sha256.Sum256(first[:])
	return [checksumSize]byte(second[:checksumSize])
}
