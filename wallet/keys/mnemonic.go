package keys

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tyler-smith/go-bip39"
)

const entropySize = 16 // bytes: 12 words

// ErrWords says that a mnemonic is not one.
var ErrWords = errors.New("these are not the words of a wallet")

// NewWords makes a mnemonic of 12 words from random, which must be a
// cryptographic source.
func NewWords(random io.Reader) (string, error) {
	entropy := make([]byte, entropySize)
	if _, err := io.ReadFull(random, entropy); err != nil {
		return "", fmt.Errorf("make a mnemonic: %w", err)
	}
	return bip39.NewMnemonic(entropy)
}

// maxWords bounds the text of a mnemonic: 24 words of at most 8 letters, and
// room for careless spacing.
const maxWords = 1000

// CleanWords checks a mnemonic that a person typed (number of words, each
// word, checksum) and returns it in lower case with single spaces. The error
// wraps ErrWords and names the first wrong word by its position only.
func CleanWords(text string) (string, error) {
	if len(text) > maxWords {
		return "", fmt.Errorf("%w: the text is too long", ErrWords)
	}
	words := strings.Fields(strings.ToLower(text))
	if n := len(words); n < 12 || n > 24 || n%3 != 0 {
		return "", fmt.Errorf("%w: there are %d, a wallet has 12, 15, 18, 21 or 24", ErrWords, n)
	}
	for i, w := range words {
		if _, ok := bip39.GetWordIndex(w); !ok {
			return "", fmt.Errorf("%w: word %d is not in the list, check its spelling", ErrWords, i+1)
		}
	}
	clean := strings.Join(words, " ")
	if _, err := bip39.EntropyFromMnemonic(clean); err != nil {
		return "", fmt.Errorf("%w: their checksum does not fit, check the order and each word", ErrWords)
	}
	return clean, nil
}

// Seed is the 64-byte BIP39 seed of a clean mnemonic without passphrase.
func Seed(words string) []byte { return bip39.NewSeed(words, "") }
