package consensus

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

// ChainFormat is the only format number of chain.json that this code knows.
// A key is never added under the same number.
const ChainFormat = 1

// maxChainFile bounds chain.json in bytes: the genesis script, the only long
// member, takes 20,000.
const maxChainFile = 64 << 10

// chainTag separates network ids from every other hash.
const chainTag = "orrery-chain\x00"

// ChainFile is chain.json: everything that makes a chain this chain and no
// other. All values are resolved; none is optional.
type ChainFile struct {
	Format        int64          `json:"format"`
	Name          string         `json:"name"`
	Genesis       ChainGenesis   `json:"genesis"`
	Addresses     ChainAddresses `json:"addresses"`
	Maturity      int64          `json:"maturity"`        // blocks
	MaxWeight     int64          `json:"max_weight"`      // weight units a block
	PowLimit      string         `json:"pow_limit"`       // 64 hex digits, most significant first
	Spacing       int64          `json:"spacing"`         // seconds
	MaxFutureTime int64          `json:"max_future_time"` // seconds
	MinLead       int64          `json:"min_lead"`        // blocks
	ExperimentKey string         `json:"experiment_key"`  // BIP340 public key, 64 hex digits, or ""
	Policy0       string         `json:"policy0"`         // policy id: 64 hex digits, not reversed
}

// ChainGenesis is the part of chain.json that makes block 0.
type ChainGenesis struct {
	Message string `json:"message"` // in the coinbase input
	Time    int64  `json:"time"`    // seconds since 1970
	Bits    int64  `json:"bits"`    // compact target
	Nonce   int64  `json:"nonce"`
	Reward  int64  `json:"reward"` // satoshi; never spendable, as in Bitcoin
	Script  string `json:"script"` // hex of the output script
}

// ChainAddresses is the part of chain.json that tells this chain's addresses.
type ChainAddresses struct {
	P2PKH int64  `json:"p2pkh"` // version byte
	P2SH  int64  `json:"p2sh"`  // version byte
	WIF   int64  `json:"wif"`   // version byte
	HRP   string `json:"hrp"`   // bech32 human-readable part
}

// member is one value of chain.json: its dotted name and a *int64 or *string.
type member struct {
	name string
	ptr  any
}

// members lists every value, in the order in which people are told of them.
func (f *ChainFile) members() []member {
	return []member{
		{"format", &f.Format},
		{"name", &f.Name},
		{"genesis.message", &f.Genesis.Message},
		{"genesis.time", &f.Genesis.Time},
		{"genesis.bits", &f.Genesis.Bits},
		{"genesis.nonce", &f.Genesis.Nonce},
		{"genesis.reward", &f.Genesis.Reward},
		{"genesis.script", &f.Genesis.Script},
		{"addresses.p2pkh", &f.Addresses.P2PKH},
		{"addresses.p2sh", &f.Addresses.P2SH},
		{"addresses.wif", &f.Addresses.WIF},
		{"addresses.hrp", &f.Addresses.HRP},
		{"maturity", &f.Maturity},
		{"max_weight", &f.MaxWeight},
		{"pow_limit", &f.PowLimit},
		{"spacing", &f.Spacing},
		{"max_future_time", &f.MaxFutureTime},
		{"min_lead", &f.MinLead},
		{"experiment_key", &f.ExperimentKey},
		{"policy0", &f.Policy0},
	}
}

// Bytes returns the canonical JSON (RFC 8785), which is what is stored, sent
// and hashed. It fails when a text is not UTF-8 or a number is beyond ±(2^53−1),
// which JSON cannot carry exactly.
func (f ChainFile) Bytes() ([]byte, error) {
	for _, m := range f.members() {
		switch v := m.ptr.(type) {
		case *string:
			if !utf8.ValidString(*v) {
				return nil, fmt.Errorf("chain.json: %s is not valid UTF-8", m.name)
			}
		case *int64:
			if *v > maxExactInt || *v < -maxExactInt {
				return nil, fmt.Errorf("chain.json: %s = %d is beyond ±(2^53-1)", m.name, *v)
			}
		}
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("chain.json: %w", err)
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return nil, fmt.Errorf("chain.json: %w", err)
	}
	return canonical, nil
}

// maxExactInt is the largest integer that every JSON reader keeps exactly.
const maxExactInt = 1<<53 - 1

// NetworkID is SHA-256("orrery-chain\0" | chain.json). Two nodes talk only
// when theirs are equal. It fails as Bytes does.
func (f ChainFile) NetworkID() ([sha256.Size]byte, error) {
	raw, err := f.Bytes()
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256(append([]byte(chainTag), raw...)), nil
}

// ParseChainFile reads chain.json. It accepts canonical bytes only, so that
// one chain has one file and one network id. It does not look at ranges:
// Params does.
func ParseChainFile(raw []byte) (ChainFile, error) {
	var f ChainFile
	if len(raw) > maxChainFile {
		return f, fmt.Errorf("chain.json: %d bytes, at most %d are allowed", len(raw), maxChainFile)
	}
	// A later format has keys that this version would call unknown.
	var probe struct {
		Format json.Number `json:"format"`
	}
	if json.Unmarshal(raw, &probe) == nil && probe.Format != "" && probe.Format.String() != fmt.Sprint(ChainFormat) {
		return f, fmt.Errorf("chain.json: format %s is not known to this version, which reads format %d", probe.Format, ChainFormat)
	}
	r := chainReader{dec: json.NewDecoder(bytes.NewReader(raw)), members: f.members()}
	r.dec.UseNumber()
	r.seen = make([]bool, len(r.members))
	if err := r.object(""); err != nil {
		return ChainFile{}, fmt.Errorf("chain.json: %w", err)
	}
	for i, m := range r.members {
		if !r.seen[i] {
			return ChainFile{}, fmt.Errorf("chain.json: the key %q is missing", m.name)
		}
	}
	canonical, err := f.Bytes()
	if err != nil {
		return ChainFile{}, err
	}
	if !bytes.Equal(canonical, raw) {
		return ChainFile{}, fmt.Errorf("chain.json: not in canonical form (RFC 8785) from byte %d on; it must not be edited", firstDifference(canonical, raw))
	}
	return f, nil
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// Diff names the members that differ, each with both values: a's, then b's.
func Diff(a, b ChainFile) []string {
	var out []string
	of := b.members()
	for i, m := range a.members() {
		if x, y := m.text(), of[i].text(); x != y {
			out = append(out, fmt.Sprintf("%s: %s and %s", m.name, x, y))
		}
	}
	return out
}

// text shows the value as chain.json or a person writes it.
func (m member) text() string {
	switch v := m.ptr.(type) {
	case *int64:
		if m.name == "genesis.bits" {
			return fmt.Sprintf("%08x", *v)
		}
		return fmt.Sprint(*v)
	case *string:
		return fmt.Sprintf("%q", *v)
	}
	panic("consensus: member of chain.json of unknown type: " + m.name)
}
