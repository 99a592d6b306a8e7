//lint:file-ignore ST1005 these texts are Core's, as clients read them

package address

import (
	"errors"

	"github.com/btcsuite/btcd/btcec/v2"
)

// Key is a private key, and whether its public key is written compressed.
type Key struct {
	*btcec.PrivateKey
	Compressed bool
}

// PubKeyBytes is the public key as scripts hold it: 33 or 65 bytes.
func (k Key) PubKeyBytes() []byte {
	if k.Compressed {
		return k.PubKey().SerializeCompressed()
	}
	return k.PubKey().SerializeUncompressed()
}

// ErrKey says that a text is no private key of this chain. It never carries
// the text.
var ErrKey = errors.New("Invalid private key encoding")

// EncodeWIF writes a private key in the wallet import format.
func (c Codec) EncodeWIF(k Key) string {
	data := append([]byte{c.Versions.WIF}, k.Serialize()...)
	if k.Compressed {
		data = append(data, 1)
	}
	return EncodeBase58Check(data)
}

// DecodeWIF reads a private key of this chain, or returns ErrKey (Core:
// DecodeSecret).
func (c Codec) DecodeWIF(text string) (Key, error) {
	data, err := DecodeBase58Check(text, 34)
	if err != nil || len(data) < 33 || data[0] != c.Versions.WIF || len(data) == 34 && data[33] != 1 {
		return Key{}, ErrKey
	}
	var scalar btcec.ModNScalar
	if overflow := scalar.SetByteSlice(data[1:33]); overflow || scalar.IsZero() {
		return Key{}, ErrKey
	}
	return Key{PrivateKey: btcec.PrivKeyFromScalar(&scalar), Compressed: len(data) == 34}, nil
}
