package directory

import (
	"encoding/binary"
	"errors"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

// Why an attachment is refused. ErrStale and ErrFull are nobody's fault: news
// travels on several ways at once.
var (
	ErrMalformed = errors.New("an attachment without a valid name, script or signature")
	ErrStale     = errors.New("an attachment that is no newer than the one that is known, or follows it too soon")
	ErrNotHolder = errors.New("an attachment by another address than the one that holds the name")
	ErrFull      = errors.New("too many attachments of names that nobody has claimed")
)

// attachTag keeps signatures of attachments apart from those of claims.
var attachTag = []byte("Orrery/attach/1")

// AttachmentDigest is what the signature of an attachment signs: the tagged
// hash (BIP340) with the tag "Orrery/attach/1" over the network id, seq and
// node id in four bytes each, little-endian, and name and script, each after
// its length in one byte.
func AttachmentDigest(network [32]byte, w *protocol.Wallet) chainhash.Hash {
	b := binary.LittleEndian.AppendUint32(nil, w.Seq)
	b = binary.LittleEndian.AppendUint32(b, w.NodeID)
	b = append(append(b, byte(len(w.Name))), w.Name...)
	b = append(append(b, byte(len(w.Script))), w.Script...)
	return *chainhash.TaggedHash(attachTag, network[:], b)
}

// Attach signs that the wallet which has a name's key is attached to node
// w.NodeID. A later one needs a higher w.Seq: wallets take the time in seconds.
// It sets w.Signature. Errors: ErrMalformed, and Sign's.
func Attach(key *btcec.PrivateKey, network [32]byte, w *protocol.Wallet) error {
	if !ValidName(w.Name) || !CanHold(w.Script) {
		return ErrMalformed
	}
	signature, err := Sign(key, w.Script, AttachmentDigest(network, w))
	w.Signature = signature
	return err
}

// CheckAttachment reports whether an attachment is signed by its own address:
// nil or ErrMalformed. Whether that address holds the name, the table tells.
func CheckAttachment(network [32]byte, w *protocol.Wallet) error {
	if !ValidName(w.Name) || !CanHold(w.Script) || !verify(w.Script, w.Signature, AttachmentDigest(network, w)) {
		return ErrMalformed
	}
	return nil
}
