package tracker

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/policy"
	"orrery/core/protocol"
)

// Chain is what a node with an empty folder needs of a network.
type Chain struct {
	File   []byte           // of chain.json
	Policy *protocol.Policy // the one that the chain began with
}

// check returns the network's id and the first policy's, if the one is of the
// other.
func (c *Chain) check() (network, policy0 chainhash.Hash, err error) {
	network, policy0, err = parse(c.File)
	if err == nil {
		err = checkPolicy(c.Policy, policy0)
	}
	return network, policy0, err
}

func parse(raw []byte) (network, policy0 chainhash.Hash, err error) {
	file, err := consensus.ParseChainFile(raw)
	if err != nil {
		return network, policy0, err
	}
	params, err := file.Params()
	if err != nil {
		return network, policy0, err
	}
	return params.NetworkID, params.Policy0, nil
}

// checkPolicy compares a policy with the hashes that name it.
func checkPolicy(p *protocol.Policy, want chainhash.Hash) error {
	if p == nil {
		return errors.New("its scripts are missing")
	}
	m, err := policy.ParseManifest(p.Manifest)
	if err != nil {
		return err
	}
	id, err := m.ID()
	if err != nil {
		return err
	}
	if id != want {
		return errors.New("its scripts are not those that the chain names")
	}
	for _, hash := range [][32]byte{m.Difficulty.Script, m.Reward.Script} {
		if !holds(p.Scripts, hash) {
			return errors.New("a script is missing or is not what its hash says")
		}
	}
	return nil
}

func holds(list []protocol.Script, hash [32]byte) bool {
	for _, s := range list {
		if policy.HashScript(s.Text) == hash {
			return true
		}
	}
	return false
}

// Keys of the saved records; the others are those of core/peering. Each comes in
// pieces, and the number of a piece follows its key.
const (
	fileKey     = "chain/file"
	manifestKey = "chain/manifest"
	namesKey    = "chain/scripts"
	textKey     = "chain/script/" // and its number
)

// pieceLen is how many bytes of a file one record has: records are small.
const pieceLen = 800

// scriptName is a script without its text.
type scriptName struct{ Hook, File string }

// records are a chain as it is saved.
func (c *Chain) records() (out []protocol.Record) {
	add := func(key string, value []byte) {
		n := 0
		for piece := range slices.Chunk(value, pieceLen) {
			out = append(out, protocol.Record{Key: fmt.Sprintf("%s/%d", key, n), Value: piece})
			n++
		}
		out = append(out, protocol.Record{Key: fmt.Sprintf("%s/%d", key, n)}) // no piece of an earlier chain follows
	}
	add(fileKey, c.File)
	add(manifestKey, c.Policy.Manifest)
	var names []scriptName
	for i, s := range c.Policy.Scripts {
		names = append(names, scriptName{s.Hook, s.File})
		add(fmt.Sprint(textKey, i), s.Text)
	}
	raw, err := json.Marshal(names)
	if err != nil {
		panic("tracker: " + err.Error()) // plain structs only
	}
	add(namesKey, raw)
	return out
}

// loadChain returns the saved chain; nil when there is none, or not all of it:
// then a member is asked again.
func loadChain(saved []protocol.Record) *Chain {
	pieces := map[string][]byte{}
	for _, r := range saved {
		if r.Value != nil {
			pieces[r.Key] = r.Value
		}
	}
	find := func(key string) (value []byte) {
		for n := 0; ; n++ {
			piece, ok := pieces[fmt.Sprintf("%s/%d", key, n)]
			if !ok {
				return value
			}
			value = append(value, piece...)
		}
	}
	c := &Chain{File: find(fileKey), Policy: &protocol.Policy{Manifest: find(manifestKey)}}
	var names []scriptName
	if json.Unmarshal(find(namesKey), &names) != nil || len(names) > protocol.MaxScripts {
		return nil
	}
	for i, n := range names {
		c.Policy.Scripts = append(c.Policy.Scripts, protocol.Script{Hook: n.Hook, File: n.File, Text: find(fmt.Sprint(textKey, i))})
	}
	if _, _, err := c.check(); err != nil {
		return nil
	}
	return c
}
