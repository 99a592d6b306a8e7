package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/cmd/internal/config"
	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/policy"
	"orrery/plugins/lua"
	"orrery/scripts"
)

// hooks are the consensus hooks, in the order in which people see them.
var hooks = []policy.Hook{policy.Difficulty, policy.Subsidy}

// policySet is one complete set of consensus rules with its sources.
type policySet struct {
	manifest policy.Manifest
	id       chainhash.Hash
	sources  map[policy.Hook]lua.Source
}

// readPolicies reads the scripts and parameters that the settings name.
func readPolicies(s *config.Settings) (*policySet, error) {
	p := &policySet{manifest: policy.Manifest{ABI: policy.ABI1, Budget: policy.DefaultBudget}, sources: map[policy.Hook]lua.Source{}}
	for _, hook := range hooks {
		src, err := readScript(s.Script(hook), hook)
		if err != nil {
			return nil, err
		}
		var list []policy.Param
		for key, value := range s.ScriptParams(hook) {
			list = append(list, policy.Param{Key: key, Value: value})
		}
		params, err := policy.NewParams(list...)
		if err != nil {
			return nil, fmt.Errorf("policy.params.%s: %w", hook, err)
		}
		p.sources[hook] = src
		*p.spec(hook) = policy.HookSpec{Script: policy.HashScript(src.Text), Params: params}
	}
	var err error
	p.id, err = p.manifest.ID()
	return p, err
}

func (p *policySet) spec(hook policy.Hook) *policy.HookSpec {
	if hook == policy.Subsidy {
		return &p.manifest.Reward
	}
	return &p.manifest.Difficulty
}

func readScript(where config.Script, hook policy.Hook) (lua.Source, error) {
	if where.Library != "" {
		text, err := scripts.Library(hook, where.Library)
		return lua.Source{File: fmt.Sprintf("library/%s/%s.lua", hook, where.Library), Text: text}, err
	}
	f, err := os.Open(where.File)
	if err != nil {
		return lua.Source{}, fmt.Errorf("policy script %s: %w; write one, or choose a library script with --policy.%s NAME", where.File, errors.Unwrap(err), hook)
	}
	defer f.Close()
	text := make([]byte, lua.MaxSource+1)
	n, err := readFull(f, text)
	if err != nil {
		return lua.Source{}, fmt.Errorf("policy script %s: %w", where.File, err)
	}
	return lua.Source{File: where.File, Text: text[:n]}, nil
}

// compile makes rules of the set.
func (p *policySet) compile(params *consensus.Params) (*lua.Rules, error) {
	return lua.NewRules(p.manifest, p.sources[policy.Difficulty], p.sources[policy.Subsidy],
		lua.Chain{Spacing: params.Spacing, PowLimit: params.PowLimit})
}

// The archive: manifests and scripts by their hashes, for ever. A script's
// value begins with the file name that people know it by, and a zero byte.
const (
	manifestKey = "policy/"
	scriptKey   = "script/"
)

// archive stores a set so that its blocks stay verifiable without the files,
// and which chain they are of.
func (p *policySet) archive(store chain.Store, params *consensus.Params) error {
	canonical, err := p.manifest.Canonical()
	if err != nil {
		return err
	}
	b := &chain.Batch{Meta: []chain.KV{
		{Key: manifestKey + string(p.id[:]), Value: canonical},
		{Key: networkKey, Value: params.NetworkID[:]},
	}}
	for _, hook := range hooks {
		src := p.sources[hook]
		hash := p.spec(hook).Script
		value := append(append([]byte(src.File), 0), src.Text...)
		b.Meta = append(b.Meta, chain.KV{Key: scriptKey + string(hash[:]), Value: value})
	}
	return store.Commit(b, true)
}

// loadPolicies reads a set from the archive; nil when it is not there.
func loadPolicies(store chain.Store, id chainhash.Hash) (*policySet, error) {
	raw, err := store.Meta(manifestKey + string(id[:]))
	if err != nil || raw == nil {
		return nil, err
	}
	m, err := policy.ParseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("archived policy %s: %w", policy.FormatID(id), err)
	}
	p := &policySet{manifest: *m, id: id, sources: map[policy.Hook]lua.Source{}}
	for _, hook := range hooks {
		hash := p.spec(hook).Script
		raw, err := store.Meta(scriptKey + string(hash[:]))
		if err != nil || raw == nil {
			return nil, err
		}
		file, text, _ := bytes.Cut(raw, []byte{0})
		if policy.HashScript(text) != hash {
			return nil, fmt.Errorf("%w: the archived script %s is not what its hash says", chain.ErrCorrupt, file)
		}
		p.sources[hook] = lua.Source{File: string(file), Text: text}
	}
	return p, nil
}

// changedScripts tells which scripts or parameters of the settings are not
// those that the chain runs under.
func changedScripts(active, present *policySet) (notes []string) {
	for _, hook := range hooks {
		have, want := active.spec(hook), present.spec(hook)
		made, named := active.sources[hook].File, present.sources[hook].File
		switch {
		case have.Script != want.Script && made != named:
			notes = append(notes, fmt.Sprintf("the settings name %s, this chain was made with %s and keeps it", named, made))
		case have.Script != want.Script:
			notes = append(notes, fmt.Sprintf("%s has changed since this chain was made; the chain keeps the %s script that it was made with", named, hook))
		case !slices.Equal(have.Params, want.Params):
			notes = append(notes, fmt.Sprintf("policy.params.%s has changed since this chain was made; the chain keeps the parameters that it was made with", hook))
		}
	}
	return notes
}
