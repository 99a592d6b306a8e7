package daemon

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/datadir"
	"orrery/core/consensus"
	"orrery/core/policy"
	"orrery/plugins/lua"
	"orrery/plugins/pebble"
)

// identity is which chain a data folder holds, opened.
type identity struct {
	params   *consensus.Params
	rules    *lua.Rules
	policies *policySet
	store    *pebble.Store
	raw      []byte   // chain.json
	made     bool     // by this start
	joined   bool     // it came from a peer
	notes    []string // for people: what of the settings is not used
}

// openChain opens the chain of the data folder, or makes one as the settings
// say. Nothing is written before everything has been checked, by suits too,
// which looks at the parameters.
func openChain(ctx context.Context, dir *datadir.Dir, s *config.Settings, now time.Time, suits func(*consensus.Params) error) (*identity, error) {
	present, presentErr := readPolicies(s)
	raw, err := dir.Read(datadir.ChainFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir.Path(datadir.ChainFile), err)
	}
	if raw == nil {
		if presentErr != nil {
			return nil, presentErr
		}
		return makeChain(ctx, dir, s, present, now, suits)
	}
	file, err := consensus.ParseChainFile(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir.Path(datadir.ChainFile), err)
	}
	joined, err := dir.Read(datadir.JoinedFile)
	if err != nil {
		return nil, err
	}
	if diff := s.DiffChain(file); joined == nil && len(diff) > 0 {
		return nil, foreignChain(dir, file, diff)
	}
	params, err := file.Params()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir.Path(datadir.ChainFile), err)
	}
	if err := suits(params); err != nil {
		return nil, err
	}
	exists, err := pebble.Exists(dir.Path(datadir.ChainFolder))
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, fmt.Errorf("the blocks of this chain are missing: there is a %s and no store in %s.\n"+
			"Restore the folder from a backup, or make a new chain with --node.data_dir NAME", dir.Path(datadir.ChainFile), dir.Path(datadir.ChainFolder))
	}
	store, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	id, err := resume(store, params, present, presentErr)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	id.raw, id.joined = raw, joined != nil
	return id, nil
}

// foreignChain says that the settings ask for another chain than the folder
// has: at most three lines.
func foreignChain(dir *datadir.Dir, file consensus.ChainFile, diff []string) error {
	if len(diff) > 3 {
		diff = append(diff[:3:3], fmt.Sprintf("%d more", len(diff)-3))
	}
	return fmt.Errorf("the data folder %s holds another chain, %q (the folder's value, then the setting's):\n  %s\n"+
		"Make a new chain with --node.data_dir NAME, or give the settings that this one was made with",
		dir.Path(""), file.Name, strings.Join(diff, "; "))
}

func openStore(dir *datadir.Dir) (*pebble.Store, error) {
	return pebble.Open(pebble.Config{Dir: dir.Path(datadir.ChainFolder)})
}

func resume(store *pebble.Store, params *consensus.Params, present *policySet, presentErr error) (*identity, error) {
	id := &identity{params: params, store: store}
	err := sameNetwork(store, params)
	if err != nil {
		return nil, err
	}
	if id.policies, err = loadPolicies(store, params.Policy0); err != nil {
		return nil, err
	}
	switch {
	case id.policies == nil && presentErr == nil && present.id == params.Policy0:
		// Somebody put the scripts back.
		id.policies = present
		err = present.archive(store, params)
	case id.policies == nil:
		err = fmt.Errorf("the scripts of policy %s, which this chain was made with, are missing; put them back into policy.dir", policy.FormatID(params.Policy0))
	case presentErr != nil:
		id.notes = append(id.notes, fmt.Sprintf("%v (not needed: the chain keeps the scripts that it was made with)", presentErr))
	default:
		id.notes = changedScripts(id.policies, present)
	}
	if err != nil {
		return nil, err
	}
	id.rules, err = id.policies.compile(params)
	return id, err
}

// networkKey names the network id in the store: chain.json must be the one that
// the blocks were made under, to the last byte.
const networkKey = "chain/network_id"

func sameNetwork(store *pebble.Store, params *consensus.Params) error {
	id, err := store.Meta(networkKey)
	if err != nil {
		return err
	}
	if !bytes.Equal(id, params.NetworkID[:]) {
		return fmt.Errorf("%s is not the one that the blocks beside it were made under: its network id is %x, theirs %x.\n"+
			"Put the right file back, or make a new chain with --node.data_dir NAME", datadir.ChainFile, params.NetworkID, id)
	}
	return nil
}

// makeChain makes a new chain: chain.json gets its name last, so that a start
// that dies in between is simply made again.
func makeChain(ctx context.Context, dir *datadir.Dir, s *config.Settings, p *policySet, now time.Time, suits func(*consensus.Params) error) (*identity, error) {
	if err := orphanedStore(dir); err != nil {
		return nil, err
	}
	public, newKey, err := experimentKey(dir, s)
	if err != nil {
		return nil, err
	}
	file, err := s.ChainFile(p.id, public, now.Unix(), func() bool { return ctx.Err() != nil })
	if err != nil {
		return nil, err
	}
	if err := dir.Remove(datadir.JoinedFile); err != nil { // of a join that was cut
		return nil, err
	}
	id, err := layChain(dir, file, p, newKey, suits)
	var failed *policy.ScriptError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w\nNo chain was made. Mend the script, or choose a library script with --policy.difficulty or --policy.reward NAME", err)
	}
	return id, err
}

// layChain writes a chain's parameters and scripts into an empty folder.
func layChain(dir *datadir.Dir, file consensus.ChainFile, p *policySet, newKey []byte, suits func(*consensus.Params) error) (*identity, error) {
	params, err := file.Params()
	if err == nil {
		err = suits(params)
	}
	if err != nil {
		return nil, err
	}
	rules, err := p.compile(params)
	if err != nil {
		return nil, err
	}
	// A chain does not begin under the fallback.
	if err := rules.Check(int64(params.Genesis.Header.Time), params.Genesis.Header.Bits); err != nil {
		return nil, fmt.Errorf("%w%s", err, hints(rules, err))
	}
	raw, err := file.Bytes()
	if err != nil {
		return nil, err
	}
	if newKey != nil {
		if err := dir.Write(datadir.ExperimentKey, newKey); err != nil {
			return nil, err
		}
	}
	if err := dir.Write(newChainFile, raw); err != nil {
		return nil, err
	}
	store, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	err = p.archive(store, params)
	if err == nil {
		err = dir.Rename(newChainFile, datadir.ChainFile)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	id := &identity{params: params, rules: rules, policies: p, store: store, raw: raw, made: true}
	for _, w := range rules.Warnings() {
		id.notes = append(id.notes, w.String())
	}
	return id, nil
}

// hints are lines with what else looks wrong in scripts that fail: a misspelt
// name often shows only later, as a nil where something else is wanted.
func hints(rules *lua.Rules, err error) (text string) {
	const most = 3
	shown := 0
	for _, w := range rules.Warnings() {
		if line := w.String(); line != err.Error() && shown < most {
			text += "\n" + line
			shown++
		}
	}
	return text
}

// newChainFile is chain.json while the chain is being made. Without it, a store
// that has no chain.json has lost it.
const newChainFile = datadir.ChainFile + ".new"

// orphanedStore reports a store whose chain.json is gone.
func orphanedStore(dir *datadir.Dir) error {
	making, err := dir.Read(newChainFile)
	if err != nil || making != nil {
		return err
	}
	exists, err := pebble.Exists(dir.Path(datadir.ChainFolder))
	if err == nil && exists {
		err = fmt.Errorf("%s is missing, but %s holds a chain.\nRestore the file from a backup, or choose an empty folder with --node.data_dir NAME",
			dir.Path(datadir.ChainFile), dir.Path(datadir.ChainFolder))
	}
	return err
}

// experimentKey returns the public key that signs policy changes, in hex, and
// the bytes of a new key file where there is none yet. Regtest has no key, so
// that its network is the same everywhere.
func experimentKey(dir *datadir.Dir, s *config.Settings) (public string, newFile []byte, err error) {
	if s.Preset == "regtest" {
		return "", nil, nil
	}
	raw, err := dir.Read(datadir.ExperimentKey)
	if err != nil {
		return "", nil, err
	}
	var secret [32]byte
	if raw == nil {
		if _, err := rand.Read(secret[:]); err != nil {
			return "", nil, err
		}
		newFile = []byte(hex.EncodeToString(secret[:]) + "\n")
	} else if n, err := hex.Decode(secret[:], bytes.TrimSpace(raw[:min(len(raw), 2*len(secret)+1)])); err != nil || n != len(secret) {
		return "", nil, fmt.Errorf("%s does not hold a key of 64 hexadecimal digits; delete it if no chain needs it", dir.Path(datadir.ExperimentKey))
	}
	key, _ := btcec.PrivKeyFromBytes(secret[:])
	return hex.EncodeToString(schnorr.SerializePubKey(key.PubKey())), newFile, nil
}

// readFull reads up to len(b) bytes.
func readFull(f *os.File, b []byte) (int, error) {
	n, err := io.ReadFull(f, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}
