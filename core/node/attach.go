package node

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"orrery/core/directory"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// Which wallet is attached to which node: wallets sign it, members tell each
// other, and everybody passes news on once. Nothing depends on it but what
// people are shown.

// Names tells who holds names on the chain.
type Names interface {
	// Holder returns the output script of the claim that holds a name, nil if
	// there is none; ok is false while that is not known. It must not block. It
	// may be behind the node.
	Holder(name string) (script []byte, ok bool)
}

// AttachWallet tells everybody that the wallet which holds a name is attached
// to this node: signed by the name's address (directory.Attach), with this
// node's ID. Its Done has no value. Errors: ErrNoNetwork,
// directory.ErrNotHolder, ErrStale, ErrFull, ErrMalformed.
type AttachWallet struct {
	ID     uint64
	Wallet protocol.Wallet
}

func (AttachWallet) event() {}

const (
	// maxOwnNames bounds the names of this node's own wallets of which others are
	// told, so that one message to a new member holds them.
	maxOwnNames = protocol.MaxWallets
	// hearEvery and hearBurst are the rate at which one peer's attachments are
	// looked at. 10 a second cost 2 ms of signatures, and are enough for 18,000
	// names that are told each half hour.
	hearEvery = second / 10
	hearBurst = 2 * protocol.MaxWallets
	// reviewEvery is how often all attachments are compared with the chain.
	reviewEvery = 10 * 60 * int64(second)
)

// attaching is the node's part in that.
type attaching struct {
	names    Names // nil: nobody is told, and nobody believed
	all      *directory.Attachments
	own      []string // names of this node's wallets, sorted
	members  []*hearer
	cursor   string // the name that the next new member is told of first
	reviewAt int64  // Unix nanoseconds
}

// hearer is a member that tells and is told of attachments.
type hearer struct {
	peer protocol.PeerID
	used int64 // the time up to which its rate is used up, Unix nanoseconds
}

func newAttaching(names Names, network [32]byte, now int64) *attaching {
	return &attaching{names: names, all: directory.NewAttachments(network), reviewAt: now + reviewEvery}
}

func (a *attaching) holder(name string) []byte {
	script, _ := a.names.Holder(name)
	return script
}

// attachWallet takes the word of a wallet of this node.
func (n *Node) attachWallet(now int64, w protocol.Wallet) error {
	if n.net == nil || n.net.attach.names == nil {
		return ErrNoNetwork
	}
	a := n.net.attach
	holder := a.holder(w.Name)
	if holder == nil {
		return directory.ErrNotHolder
	}
	at, known := slices.BinarySearch(a.own, w.Name)
	if !known && len(a.own) >= maxOwnNames {
		return fmt.Errorf("%w: this node has told of %d already", directory.ErrFull, maxOwnNames)
	}
	if err := a.all.Add(now, w, holder); err != nil {
		return err
	}
	if !known {
		a.own = slices.Insert(a.own, at, w.Name)
	}
	n.net.tellWallets([]protocol.Wallet{w}, nil)
	return nil
}

// memberUp tells a new member of the wallets of this node, and of some others:
// it hears of the rest as they are told again.
func (net *network) memberUp(now int64, m peering.MemberUp) {
	a := net.attach
	if a.names == nil || m.Hello.Kind != protocol.KindNode {
		return
	}
	a.members = append(a.members, &hearer{peer: m.Peer})
	known := a.all.Now()
	var list []protocol.Wallet
	a.own = slices.DeleteFunc(a.own, func(name string) bool {
		w, ok := known.Get(now, name)
		if ok {
			list = append(list, w)
		}
		return !ok // the wallet is gone, or has moved
	})
	from := a.cursor
	a.cursor = ""
	for w := range known.From(now, from) {
		if len(list) >= protocol.MaxWallets {
			a.cursor = w.Name
			break
		}
		if _, own := slices.BinarySearch(a.own, w.Name); !own {
			list = append(list, w)
		}
	}
	if len(list) > 0 {
		net.out = append(net.out, PeerEffect{protocol.Tell{Peer: m.Peer, Notice: &protocol.Announce{Wallets: list}}})
	}
}

func (net *network) memberGone(id protocol.PeerID) {
	net.attach.members = slices.DeleteFunc(net.attach.members, func(h *hearer) bool { return h.peer == id })
}

// tellWallets tells all members but one.
func (net *network) tellWallets(list []protocol.Wallet, but *hearer) {
	net.dirty = true
	for _, h := range net.attach.members {
		if h != but {
			net.out = append(net.out, PeerEffect{protocol.Tell{Peer: h.peer, Notice: &protocol.Announce{Wallets: list}}})
		}
	}
}

// hearWallets takes what a member tells, and passes on what is new. The text
// says what the member did wrong; it is empty otherwise.
func (net *network) hearWallets(now int64, e protocol.Event) (kind, fault string) {
	a := net.attach
	told, _ := e.(protocol.Told)
	notice, ok := told.Notice.(*protocol.Announce)
	if !ok || len(notice.Wallets) == 0 || a.names == nil {
		return "", ""
	}
	if len(notice.Wallets) > protocol.MaxWallets {
		return protocol.FaultSize, "sent more attached wallets than a message may hold"
	}
	at := slices.IndexFunc(a.members, func(h *hearer) bool { return h.peer == told.Peer })
	if at < 0 {
		return "", "" // no node
	}
	h := a.members[at]
	var news []protocol.Wallet
	for _, w := range notice.Wallets {
		h.used = min(h.used, now) // the clock was set back
		used := max(h.used, now-hearBurst*hearEvery) + hearEvery
		if used > now {
			break // it tells again
		}
		h.used = used
		switch err := a.all.Add(now, w, a.holder(w.Name)); {
		case err == nil:
			news = append(news, w)
		case errors.Is(err, directory.ErrMalformed):
			kind, fault = protocol.FaultProtocol, "sent "+err.Error()
		}
		if fault != "" {
			break
		}
	}
	if len(news) > 0 {
		net.tellWallets(news, h)
	}
	return kind, fault
}

// attachTick compares with the chain what is known.
func (net *network) attachTick(now int64) {
	a := net.attach
	a.reviewAt = min(a.reviewAt, now+reviewEvery) // the clock was set back
	if a.names == nil || now < a.reviewAt {
		return
	}
	a.reviewAt = now + reviewEvery
	if _, ok := a.names.Holder(""); ok {
		a.all.Review(now, a.holder)
	} else {
		a.all.Expire(now)
	}
}

// attachWake is when attachTick has something to do, Unix nanoseconds.
func (net *network) attachWake() int64 {
	if net.attach.all.Len() == 0 {
		return math.MaxInt64
	}
	return net.attach.reviewAt
}
