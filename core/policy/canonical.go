package policy

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/gowebpki/jcs"
)

// Canonical returns the RFC 8785 JSON of the manifest: the bytes that are
// hashed, archived and sent.
func (m *Manifest) Canonical() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"abi":%d,"budget":%d,"difficulty":`, m.ABI, m.Budget)
	if err := m.Difficulty.write(&b); err != nil {
		return nil, err
	}
	b.WriteString(`,"reward":`)
	if err := m.Reward.write(&b); err != nil {
		return nil, err
	}
	b.WriteByte('}')
	// The order above is canonical already; jcs settles how text is escaped.
	out, err := jcs.Transform(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("policy: canonical JSON: %w", err)
	}
	return out, nil
}

func (s *HookSpec) write(b *bytes.Buffer) error {
	b.WriteString(`{"params":{`)
	for i, p := range s.Params {
		if i > 0 {
			b.WriteByte(',')
		}
		v, err := json.Marshal(p.Value)
		if err != nil {
			return fmt.Errorf("policy: parameter %q: %w", p.Key, err)
		}
		fmt.Fprintf(b, "%q:%s", p.Key, v) // Validate leaves nothing to escape in a key
	}
	fmt.Fprintf(b, `},"script":"%x"}`, s.Script)
	return nil
}

// ParseManifest reads exactly the bytes that Canonical writes. Anything else,
// also other JSON of the same meaning, is an error: a policy has one form.
func ParseManifest(raw []byte) (*Manifest, error) {
	if len(raw) > MaxManifest {
		return nil, fmt.Errorf("policy: manifest of %d bytes, at most %d are allowed", len(raw), MaxManifest)
	}
	var in struct {
		ABI        json.Number `json:"abi"`
		Budget     json.Number `json:"budget"`
		Difficulty wireHook    `json:"difficulty"`
		Reward     wireHook    `json:"reward"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("policy: manifest: %w", err)
	}
	m := new(Manifest)
	var err error
	if m.ABI, err = strconv.Atoi(in.ABI.String()); err != nil {
		return nil, errors.New("policy: manifest: abi must be an integer")
	}
	if m.Budget, err = strconv.ParseInt(in.Budget.String(), 10, 64); err != nil {
		return nil, errors.New("policy: manifest: budget must be an integer")
	}
	if m.Difficulty, err = in.Difficulty.spec(); err != nil {
		return nil, fmt.Errorf("policy: manifest: difficulty: %w", err)
	}
	if m.Reward, err = in.Reward.spec(); err != nil {
		return nil, fmt.Errorf("policy: manifest: reward: %w", err)
	}
	canonical, err := m.Canonical()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(raw, canonical) {
		return nil, errors.New("policy: manifest is not canonical JSON (RFC 8785)")
	}
	return m, nil
}

type wireHook struct {
	Params json.RawMessage `json:"params"`
	Script string          `json:"script"`
}

func (w *wireHook) spec() (HookSpec, error) {
	var s HookSpec
	h, err := hex.DecodeString(w.Script)
	if err != nil || len(h) != len(s.Script) {
		return s, errors.New("script must be 64 hexadecimal digits")
	}
	copy(s.Script[:], h)
	s.Params, err = parseParams(w.Params)
	return s, err
}

// parseParams reads tokens rather than a map, to keep the order as written:
// Canonical then refuses what was not sorted or came twice.
func parseParams(raw json.RawMessage) (Params, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("params must be an object")
	}
	var p Params
	for dec.More() {
		if len(p) == MaxParams {
			return nil, fmt.Errorf("more than %d parameters", MaxParams)
		}
		k, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := k.(string) // the decoder gives only strings here
		v, err := dec.Token()
		if err != nil {
			return nil, err
		}
		if n, ok := v.(json.Number); ok {
			i, err := strconv.ParseInt(n.String(), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("parameter %q: %s is not an integer", key, n)
			}
			v = i
		}
		p = append(p, Param{Key: key, Value: v})
	}
	if _, err := dec.Token(); err != nil && err != io.EOF {
		return nil, err
	}
	return p, nil
}
