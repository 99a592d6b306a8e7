package consensus

import (
	"encoding/hex"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

// Fault is one value of chain.json that cannot be.
type Fault struct {
	Member string // dotted, as in chain.json: "genesis.bits"
	Msg    string // what is wrong with it, to follow the name
}

func (f Fault) Error() string { return f.Member + " " + f.Msg }

// The widest chain parameters.
const (
	maxNameLength = 32
	maxMaturity   = 1_000_000
	// minMaxWeight leaves room for a coinbase with all records and a few
	// transactions; maxMaxWeight is what wire reads as one block.
	minMaxWeight  = 40_000
	maxMaxWeight  = 4_000_000
	maxSpacing    = 86_400 // seconds
	maxFutureTime = 86_400 // seconds
	maxMinLead    = 1_000_000
	maxScriptSize = 10_000 // bytes (Core: MAX_SCRIPT_SIZE)
	// maxHRP keeps a taproot address within bech32's 90 characters.
	maxHRP = 30
	// maxTargetBits makes a hash pass every second time at the easiest, and
	// keeps work = 2^256/(target+1) from overflowing.
	maxTargetBits = 255
)

// Faults lists every member that is out of range, in the order of the file.
// The proof of work of the genesis block is not among them: Params checks it.
func (f *ChainFile) Faults() []Fault {
	var out []Fault
	add := func(name, format string, args ...any) {
		out = append(out, Fault{name, fmt.Sprintf(format, args...)})
	}
	between := func(name string, v, lo, hi int64) {
		if v < lo || v > hi {
			add(name, "is %d, must be %d … %d", v, lo, hi)
		}
	}
	between("format", f.Format, ChainFormat, ChainFormat)
	if !plainName(f.Name) {
		add("name", "is %q, must be 1 … %d of a–z, 0–9 and -", f.Name, maxNameLength)
	}
	if n := len(f.Genesis.Message); n < 1 || n > maxGenesisMessage || !utf8.ValidString(f.Genesis.Message) {
		add("genesis.message", "has %d bytes, must be 1 … %d bytes of UTF-8", n, maxGenesisMessage)
	}
	between("genesis.time", f.Genesis.Time, 1, math.MaxUint32)
	limit, limitOK := f.powLimit()
	if msg := bitsFault(f.Genesis.Bits, limit, limitOK); msg != "" {
		add("genesis.bits", "%s", msg)
	}
	between("genesis.nonce", f.Genesis.Nonce, 0, math.MaxUint32)
	between("genesis.reward", f.Genesis.Reward, 0, MaxMoney)
	if b, ok := hexBytes(f.Genesis.Script); !ok || len(b) > maxScriptSize {
		add("genesis.script", "must be lower-case hex of at most %d bytes", maxScriptSize)
	}
	between("addresses.p2pkh", f.Addresses.P2PKH, 0, 255)
	between("addresses.p2sh", f.Addresses.P2SH, 0, 255)
	if f.Addresses.P2PKH == f.Addresses.P2SH {
		add("addresses.p2sh", "is %d as addresses.p2pkh, must differ", f.Addresses.P2SH)
	}
	between("addresses.wif", f.Addresses.WIF, 0, 255)
	if !plainHRP(f.Addresses.HRP) {
		add("addresses.hrp", "is %q, must be 1 … %d of a–z and 0–9, a letter first", f.Addresses.HRP, maxHRP)
	}
	between("maturity", f.Maturity, 1, maxMaturity)
	between("max_weight", f.MaxWeight, minMaxWeight, maxMaxWeight)
	if !limitOK {
		add("pow_limit", "must be 64 lower-case hex digits, above 0 and below 2^255")
	}
	between("spacing", f.Spacing, 1, maxSpacing)
	between("max_future_time", f.MaxFutureTime, 1, maxFutureTime)
	between("min_lead", f.MinLead, 1, maxMinLead)
	if _, ok := f.experimentKey(); !ok {
		add("experiment_key", "must be empty or a BIP340 public key of 64 lower-case hex digits")
	}
	if b, ok := hexBytes(f.Policy0); !ok || len(b) != chainhash.HashSize {
		add("policy0", "must be 64 lower-case hex digits")
	}
	return out
}

// Params resolves the file to what the rules work with. Its error is a Fault
// for a value out of range or a genesis block without its proof of work.
func (f ChainFile) Params() (*Params, error) {
	if faults := f.Faults(); len(faults) > 0 {
		return nil, faults[0]
	}
	id, err := f.NetworkID()
	if err != nil {
		return nil, err
	}
	limit, _ := f.powLimit()
	genesis := f.genesisBlock()
	if err := CheckProofOfWork(genesis.Hash(), genesis.Header.Bits, &limit); err != nil {
		return nil, Fault{"genesis.nonce", "gives no genesis block with its proof of work: " + err.Error()}
	}
	policy0, _ := hexBytes(f.Policy0) // not reversed: a policy id is no block hash
	key, _ := f.experimentKey()
	return &Params{
		Name:          f.Name,
		Genesis:       genesis,
		Maturity:      int32(f.Maturity),
		MaxWeight:     f.MaxWeight,
		PowLimit:      limit,
		Spacing:       f.Spacing,
		MaxFutureTime: f.MaxFutureTime,
		MinLead:       int32(f.MinLead),
		ExperimentKey: key,
		Policy0:       chainhash.Hash(policy0),
		Addresses: AddressVersions{
			P2PKH: byte(f.Addresses.P2PKH),
			P2SH:  byte(f.Addresses.P2SH),
			WIF:   byte(f.Addresses.WIF),
			HRP:   f.Addresses.HRP,
		},
		NetworkID: id,
	}, nil
}

func (f *ChainFile) powLimit() (limit uint256.Int, ok bool) {
	b, ok := hexBytes(f.PowLimit)
	if !ok || len(b) != 32 {
		return limit, false
	}
	limit.SetBytes32(b)
	return limit, !limit.IsZero() && limit.BitLen() <= maxTargetBits
}

// experimentKey returns nil, true for a chain without one.
func (f *ChainFile) experimentKey() (key []byte, ok bool) {
	if f.ExperimentKey == "" {
		return nil, true
	}
	key, ok = hexBytes(f.ExperimentKey)
	if !ok || len(key) != schnorr.PubKeyBytesLen {
		return nil, false
	}
	if _, err := schnorr.ParsePubKey(key); err != nil { // not the x of a point
		return nil, false
	}
	return key, true
}

// bitsFault says what is wrong with compact bits as a target, or "".
func bitsFault(bits int64, limit uint256.Int, limitOK bool) string {
	if bits < 0 || bits > math.MaxUint32 {
		return fmt.Sprintf("is %d, must be 0 … 0xffffffff", bits)
	}
	target, negative, overflow := CompactToTarget(uint32(bits))
	switch {
	case negative || overflow || target.IsZero():
		return fmt.Sprintf("is 0x%08x, which is no target (negative, zero or beyond 256 bits)", bits)
	case limitOK && target.Gt(&limit):
		return fmt.Sprintf("is 0x%08x, an easier target than pow_limit allows (0x%08x)", bits, TargetToCompact(&limit))
	case TargetToCompact(&target) != uint32(bits):
		return fmt.Sprintf("is 0x%08x, must be written 0x%08x", bits, TargetToCompact(&target))
	}
	return ""
}

func plainName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= maxNameLength
}

func plainHRP(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9' || i == 0) {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= maxHRP
}

// hexBytes reads lower-case hex, the only form that chain.json uses.
func hexBytes(s string) ([]byte, bool) {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'F' {
			return nil, false
		}
	}
	b, err := hex.DecodeString(s)
	return b, err == nil
}
