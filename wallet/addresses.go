//lint:file-ignore ST1005 these texts are Core's, as clients read them

package wallet

import (
	"fmt"
	"slices"
	"strings"

	"orrery/wallet/address"
	"orrery/wallet/keyfile"
	"orrery/wallet/keys"
)

// ParseAddressType reads Core's address types: "legacy" is BIP44's P2PKH,
// "bech32" is BIP84's P2WPKH, "" the default, which is legacy.
func ParseAddressType(text string) (keys.Purpose, error) {
	switch text {
	case "", "legacy":
		return keys.BIP44, nil
	case "bech32":
		return keys.BIP84, nil
	case "p2sh-segwit", "bech32m":
		return 0, fmt.Errorf("Address type '%s' is not offered by this wallet, use legacy or bech32", text)
	}
	return 0, fmt.Errorf("Unknown address type '%s'", text)
}

// MaxLabel bounds a label in bytes; Core has no limit, its database has.
const MaxLabel = 1000

func checkLabel(label string) error {
	switch {
	case label == "*":
		return fmt.Errorf("Invalid label name")
	case len(label) > MaxLabel:
		return fmt.Errorf("the label is longer than %d bytes", MaxLabel)
	}
	return nil
}

// NewAddress hands out the next receiving address. Its key is durable before
// it is returned.
func (w *Wallet) NewAddress(purpose keys.Purpose, label string) (address.Address, error) {
	if err := checkLabel(label); err != nil {
		return address.Address{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := w.take(keys.Branch{Purpose: purpose})
	if err != nil {
		return address.Address{}, err
	}
	a := w.ring.Address(p)
	if label != "" {
		if err := w.label(a.String(), label); err != nil {
			return address.Address{}, err
		}
	}
	return a, nil
}

// NewChangeAddress hands out the next change address.
func (w *Wallet) NewChangeAddress(purpose keys.Purpose) (address.Address, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := w.take(keys.Branch{Purpose: purpose, Change: true})
	if err != nil {
		return address.Address{}, err
	}
	return w.ring.Address(p), nil
}

// take hands out the next index of a branch. It writes the file when the
// counter there is reached, so that no crash makes an index be used twice.
func (w *Wallet) take(b keys.Branch) (keys.Path, error) {
	if w.closed {
		return keys.Path{}, ErrClosed
	}
	i := indexOf(b)
	p := keys.Path{Branch: b, Index: w.next[i]}
	if _, err := w.ring.Used(p); err != nil {
		return keys.Path{}, err
	}
	if w.next[i] >= w.durable[i] {
		before := w.durable
		w.durable[i] = w.next[i] + min(max(w.session, minStride), maxStride)
		if err := w.save(); err != nil {
			w.durable = before
			return keys.Path{}, err
		}
	}
	w.next[i]++
	w.session++
	return p, nil
}

// current is what the file should hold.
func (w *Wallet) current() keyfile.Content {
	c := w.content
	c.Next, c.Labels = nil, make([]keyfile.Label, 0, len(w.labels))
	for i, b := range keys.Branches {
		c.Next = append(c.Next, keyfile.Counter{Branch: b.String(), Index: w.durable[i]})
	}
	for a, l := range w.labels {
		c.Labels = append(c.Labels, keyfile.Label{Address: a, Label: l})
	}
	slices.SortFunc(c.Labels, func(a, b keyfile.Label) int { return strings.Compare(a.Address, b.Address) })
	return c
}

func (w *Wallet) save() error { return w.file.Save(w.current()) }

// SetLabel names an address, of the wallet or of others. An empty label takes
// the name away. It is durable on return.
func (w *Wallet) SetLabel(text, label string) error {
	if err := checkLabel(label); err != nil {
		return err
	}
	a, err := w.cfg.Codec.Decode(text)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	return w.label(a.String(), label)
}

func (w *Wallet) label(a, label string) error {
	old, had := w.labels[a]
	if label == "" {
		delete(w.labels, a)
	} else {
		w.labels[a] = label
	}
	err := w.save()
	if err != nil {
		delete(w.labels, a)
		if had {
			w.labels[a] = old
		}
	}
	return err
}

// AddressInfo is what the wallet knows of an address.
type AddressInfo struct {
	Address address.Address
	Mine    bool
	Path    keys.Path // when Mine
	PubKey  []byte    // when Mine, compressed
	Label   string
	// Labelled is Core's "in the address book": it has a label, be it the empty
	// one of each receiving address that was handed out.
	Labelled bool
}

// AddressInfo looks an address up. The error is address.Decode's.
func (w *Wallet) AddressInfo(text string) (AddressInfo, error) {
	a, err := w.cfg.Codec.Decode(text)
	if err != nil {
		return AddressInfo{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	info := AddressInfo{Address: a}
	info.Label, info.Labelled = w.labels[a.String()]
	if info.Path, info.Mine = w.ring.Find(a.Script()); info.Mine {
		info.Labelled = info.Labelled || w.shown(info.Path)
		info.PubKey = w.ring.PubKey(info.Path)
	}
	return info, nil
}

// shown tells of a receiving address that it was handed out.
func (w *Wallet) shown(p keys.Path) bool { return !p.Change && p.Index < w.next[indexOf(p.Branch)] }

// Addresses lists the receiving addresses that were handed out, of both kinds,
// each kind in the order of its index, with their labels.
func (w *Wallet) Addresses() (list []AddressInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, b := range keys.Branches {
		for n := uint32(0); !b.Change && n < w.next[i]; n++ {
			p := keys.Path{Branch: b, Index: n}
			a := w.ring.Address(p)
			list = append(list, AddressInfo{Address: a, Mine: true, Path: p, Label: w.labels[a.String()], Labelled: true})
		}
	}
	return list
}

// Labels returns all labels by address, also those of foreign addresses.
func (w *Wallet) Labels() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := make(map[string]string, len(w.labels))
	for a, l := range w.labels {
		m[a] = l
	}
	return m
}
