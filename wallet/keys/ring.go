package keys

import (
	"fmt"

	addr "github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcutil/v2/hdkeychain"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"orrery/wallet/address"
)

const (
	hardened = hdkeychain.HardenedKeyStart
	coinType = 1 // SLIP-0044: every chain that is not for real money
	// maxIndex bounds an index read from a file: deriving up to it must not
	// take hours. 1,000,000 addresses take about a minute.
	maxIndex = 1_000_000
	maxGap   = 1000
)

// Ring knows a wallet's keys: it derives them, recognises their scripts, and
// keeps a look-ahead of unused addresses on each branch, so that payments to
// addresses beyond the next one are seen too (the gap scan of BIP44). It is
// not safe for concurrent use.
type Ring struct {
	// ID is HASH160 of the master public key.
	ID      [20]byte
	codec   address.Codec
	gap     uint32
	rows    [len(Branches)]row
	scripts map[string]Path
	pairs   map[Path]Pair // derived keys, for signing many times
}

type row struct {
	public, private *hdkeychain.ExtendedKey
	publics         [][33]byte // compressed keys, by index
	hashes          [][20]byte // HASH160 of them
}

// New derives the accounts from a BIP39 seed. Each branch looks gap addresses
// ahead of next, the first index that was never handed out (in the order of
// Branches).
func New(seed []byte, codec address.Codec, gap uint32, next [len(Branches)]uint32) (*Ring, error) {
	r := &Ring{codec: codec, gap: gap, scripts: map[string]Path{}, pairs: map[Path]Pair{}}
	if gap < 1 || gap > maxGap {
		return nil, fmt.Errorf("derive the wallet's keys: a look-ahead of %d addresses is not from 1 to %d", gap, maxGap)
	}
	// The network only sets the prefix of serialized extended keys: tpub.
	master, err := hdkeychain.NewMaster(seed, &chaincfg.RegressionNetParams)
	if err != nil {
		return nil, fmt.Errorf("derive the wallet's keys: %w", err)
	}
	public, err := master.ECPubKey()
	if err != nil {
		return nil, fmt.Errorf("derive the wallet's keys: %w", err)
	}
	r.ID = [20]byte(addr.Hash160(public.SerializeCompressed()))
	for i, b := range Branches {
		if next[i] > maxIndex {
			return nil, fmt.Errorf("derive the wallet's keys: %d addresses on %v are more than the %d that a wallet holds", next[i], b, maxIndex)
		}
		if err := r.rows[i].derive(master, b); err != nil {
			return nil, fmt.Errorf("derive the wallet's keys: %w", err)
		}
		if err := r.extend(b, next[i]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (w *row) derive(master *hdkeychain.ExtendedKey, b Branch) (err error) {
	change := uint32(0)
	if b.Change {
		change = 1
	}
	key := master
	for _, i := range []uint32{hardened + uint32(b.Purpose), hardened + coinType, hardened, change} {
		if key, err = key.Derive(i); err != nil {
			return err
		}
	}
	w.private = key
	w.public, err = key.Neuter()
	return err
}

// extend derives addresses until gap of them follow next.
func (r *Ring) extend(b Branch, next uint32) error {
	w := &r.rows[b.slot()]
	for i := uint32(len(w.hashes)); i < next+r.gap; i++ {
		key, err := w.public.Derive(i)
		if err != nil { // one chance in 2^127
			return fmt.Errorf("derive key %v: %w", Path{b, i}, err)
		}
		pub, err := key.ECPubKey()
		if err != nil {
			return fmt.Errorf("derive key %v: %w", Path{b, i}, err)
		}
		compressed := [33]byte(pub.SerializeCompressed())
		w.publics = append(w.publics, compressed)
		w.hashes = append(w.hashes, [20]byte(addr.Hash160(compressed[:])))
		r.scripts[string(r.Script(Path{b, i}))] = Path{b, i}
	}
	return nil
}

// Find returns the key that a scriptPubKey pays to, within the look-ahead.
func (r *Ring) Find(script []byte) (Path, bool) {
	p, ok := r.scripts[string(script)]
	return p, ok
}

// Used moves the look-ahead so that it reaches beyond a key that was seen in
// a transaction or handed out. It reports whether more scripts are recognised
// than before.
func (r *Ring) Used(p Path) (grew bool, err error) {
	before := len(r.scripts)
	err = r.extend(p.Branch, p.Index+1)
	return len(r.scripts) > before, err
}

// Address is the address of a key within the look-ahead.
func (r *Ring) Address(p Path) address.Address {
	hash := r.rows[p.slot()].hashes[p.Index]
	if p.Purpose == BIP84 {
		return r.codec.WitnessPubKeyHash(hash)
	}
	return r.codec.PubKeyHash(hash)
}

// Script is the scriptPubKey of a key within the look-ahead.
func (r *Ring) Script(p Path) []byte {
	hash := r.rows[p.slot()].hashes[p.Index]
	if p.Purpose == BIP84 {
		return append([]byte{0x00, 20}, hash[:]...)
	}
	s := append(make([]byte, 0, 25), 0x76, 0xa9, 20)
	return append(append(s, hash[:]...), 0x88, 0xac)
}

// Descriptor is the output descriptor of a whole branch, without its checksum
// (BIP380).
func (r *Ring) Descriptor(b Branch) string {
	return fmt.Sprintf("%s([%x/%v]%v/*)", b.function(), r.ID[:4], b, r.rows[b.slot()].public)
}

// KeyDescriptor is the output descriptor of one key within the look-ahead,
// without its checksum.
func (r *Ring) KeyDescriptor(p Path) string {
	return fmt.Sprintf("%s([%x/%v/%d]%x)", p.function(), r.ID[:4], p.Branch, p.Index, r.PubKey(p))
}

// Pair is a private key with its compressed public key.
type Pair struct {
	address.Key
	Public []byte
}

// maxPairs bounds the private keys that are kept derived.
const maxPairs = 10_000

// Key derives the private key of a path.
func (r *Ring) Key(p Path) (Pair, error) {
	if k, ok := r.pairs[p]; ok {
		return k, nil
	}
	child, err := r.rows[p.slot()].private.Derive(p.Index)
	if err != nil {
		return Pair{}, fmt.Errorf("derive key %v: %w", p, err)
	}
	var priv *btcec.PrivateKey
	if priv, err = child.ECPrivKey(); err != nil {
		return Pair{}, fmt.Errorf("derive key %v: %w", p, err)
	}
	if len(r.pairs) >= maxPairs {
		clear(r.pairs)
	}
	k := Pair{Key: address.Key{PrivateKey: priv, Compressed: true}}
	k.Public = k.PubKeyBytes()
	r.pairs[p] = k
	return k, nil
}

// PubKey is the compressed public key of a path within the look-ahead.
func (r *Ring) PubKey(p Path) []byte { return r.rows[p.slot()].publics[p.Index][:] }
