package rpc

import (
	"context"
	"encoding/hex"
	"math"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/address"
)

// Sequence numbers: the highest that makes lock times count, and the highest
// that opts in to replacement (BIP125).
const (
	sequenceLocktime    = wire.MaxTxInSequenceNum - 1
	sequenceReplaceable = wire.MaxTxInSequenceNum - 2
)

// The versions of a standard transaction (Core: TX_MAX_STANDARD_VERSION).
const minTxVersion, defaultTxVersion, maxTxVersion = 1, 2, 3

func (n *nodeMethods) makingMethods() []Method {
	input := Param{Name: "", Type: ObjectParam, Doc: "An input", Inner: []Param{
		{Name: "txid", Type: HashParam, Required: true, Doc: "The transaction whose output it spends"},
		{Name: "vout", Type: IntParam, Required: true, Doc: "The index of that output"},
		{Name: "sequence", Type: IntParam, DefaultHint: "what replaceable and locktime ask for", Doc: "The sequence number"},
	}}
	return []Method{
		{
			Name: "createrawtransaction", Category: "rawtransactions", Permission: PermRead, Handler: n.createrawtransaction,
			Doc: "Makes a transaction without signatures.\nNothing is kept or sent.",
			Params: []Param{
				{Name: "inputs", Type: ArrayParam, Required: true, Doc: "What it spends", Inner: []Param{input}},
				{Name: "outputs", Type: AnyParam, Required: true, Inner: outputsDoc(),
					Doc: "An array of objects with one key each, or one object: whom it pays, each address once and data once"},
				{Name: "locktime", Type: IntParam, Default: 0, Doc: "The lock time: a height, or a time from 500000000 on"},
				{Name: "replaceable", Type: BoolParam, Default: true, Doc: "Whether it says that it may be replaced (BIP125)"},
				{Name: "version", Type: IntParam, Range: uint32Range, Default: defaultTxVersion, Doc: "The version, 1 to 3"},
			},
			Result:  Hex("", "The serialized transaction"),
			Example: `[[{"txid":"` + exampleTxid + `","vout":0}], [{"data":"00010203"}]]`,
		},
		n.decodeScriptMethod(),
	}
}

// outputsDoc describes what parseOutputs reads.
func outputsDoc() []Param {
	return []Param{
		{Name: "", Type: ObjectParam, UserKeys: true, Doc: "A payment", Inner: []Param{{Name: "address", Type: AmountParam, Required: true, Doc: "The address, and how many coins it gets"}}},
		{Name: "", Type: ObjectParam, Doc: "Data", Inner: []Param{{Name: "data", Type: HexParam, Required: true, Doc: "Bytes for an OP_RETURN output"}}},
	}
}

func (n *nodeMethods) createrawtransaction(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	codec := codecOf(v)
	release()
	tx, err := newRawTx(c)
	if err != nil {
		return nil, err
	}
	replaceable := c.Bool("replaceable")
	for _, item := range c.Items("inputs") {
		in, err := parseInput(item, tx.LockTime, replaceable)
		if err != nil {
			return nil, err
		}
		tx.AddTxIn(in)
	}
	if tx.TxOut, err = parseOutputs(c.Raw("outputs"), codec); err != nil {
		return nil, err
	}
	if c.Has("replaceable") && replaceable && len(tx.TxIn) > 0 && !signalsReplacement(tx) {
		return nil, Errorf(CodeParameter, "Invalid parameter combination: Sequence number(s) contradict replaceable option")
	}
	return hex.EncodeToString(consensus.NewTx(tx).Bytes()), nil
}

func newRawTx(c *Call) (*wire.MsgTx, error) {
	locktime, version := c.Int("locktime"), c.Int("version")
	if locktime < 0 || locktime > math.MaxUint32 {
		return nil, Errorf(CodeParameter, "Invalid parameter, locktime out of range")
	}
	if version < minTxVersion || version > maxTxVersion {
		return nil, Errorf(CodeParameter, "Invalid parameter, version out of range(%d~%d)", minTxVersion, maxTxVersion)
	}
	tx := wire.NewMsgTx(int32(version))
	tx.LockTime = uint32(locktime)
	return tx, nil
}

func signalsReplacement(tx *wire.MsgTx) bool {
	for _, in := range tx.TxIn {
		if in.Sequence <= sequenceReplaceable {
			return true
		}
	}
	return false
}

func parseInput(item Value, locktime uint32, replaceable bool) (*wire.TxIn, error) {
	members, err := item.Members()
	if err != nil {
		return nil, err
	}
	o := Object(members)
	prev, err := parseOutpoint(o, CodeParameter)
	if err != nil {
		return nil, err
	}
	in := wire.NewTxIn(&prev, nil, nil)
	switch {
	case replaceable:
		in.Sequence = sequenceReplaceable
	case locktime != 0:
		in.Sequence = sequenceLocktime
	}
	if s := o.Get("sequence"); s.Kind() == KindNumber {
		n, err := s.Int()
		if err != nil {
			return nil, err
		}
		if n < 0 || n > int64(wire.MaxTxInSequenceNum) {
			return nil, Errorf(CodeParameter, "Invalid parameter, sequence number is out of range")
		}
		in.Sequence = uint32(n)
	}
	return in, nil
}

// parseOutpoint reads the members txid and vout; negative is the code of a
// negative index.
func parseOutpoint(o Object, negative Code) (prev wire.OutPoint, err error) {
	if prev.Hash, err = o.Get("txid").Hash("txid"); err != nil {
		return prev, err
	}
	vout := o.Get("vout")
	if vout.Kind() != KindNumber {
		return prev, Errorf(CodeParameter, "Invalid parameter, missing vout key")
	}
	index, err := vout.Int()
	switch {
	case err != nil:
		return prev, err
	case index < 0 && negative == CodeDeserialization:
		return prev, Errorf(negative, "vout cannot be negative")
	case index < 0:
		return prev, Errorf(negative, "Invalid parameter, vout cannot be negative")
	case index > math.MaxInt32:
		return prev, Errorf(CodeMisc, "JSON integer out of range")
	}
	prev.Index = uint32(index)
	return prev, nil
}

// parseOutputs reads {"address": amount, …, "data": "hex"}, or an array of
// such objects with one key each (Core: NormalizeOutputs, ParseOutputs).
func parseOutputs(v Value, codec address.Codec) ([]*wire.TxOut, error) {
	pairs, err := outputPairs(v)
	if err != nil {
		return nil, err
	}
	outs := make([]*wire.TxOut, 0, len(pairs))
	seen := map[address.Address]bool{}
	hasData := false
	for _, m := range pairs {
		if m.Key == "data" {
			if hasData {
				return nil, Errorf(CodeParameter, "Invalid parameter, duplicate key: data")
			}
			hasData = true
			data, err := m.Value.Hex("Data")
			if err != nil {
				return nil, err
			}
			outs = append(outs, wire.NewTxOut(0, opReturn(data)))
			continue
		}
		amount, err := m.Value.Amount()
		if err != nil {
			return nil, err
		}
		a, err := codec.Decode(m.Key)
		if err != nil {
			return nil, Errorf(CodeAddress, "Invalid Bitcoin address: %s", shorten(m.Key))
		}
		if seen[a] {
			return nil, Errorf(CodeParameter, "Invalid parameter, duplicated address: %s", m.Key)
		}
		seen[a] = true
		outs = append(outs, wire.NewTxOut(int64(amount), a.Script()))
	}
	return outs, nil
}

func outputPairs(v Value) ([]Member, error) {
	switch v.Kind() {
	case KindObject:
		return v.Members()
	case KindNull:
		return nil, Errorf(CodeParameter, "Invalid parameter, output argument must be non-null")
	}
	items, err := v.Items()
	if err != nil {
		return nil, err
	}
	var pairs []Member
	for _, item := range items {
		members, err := item.Members()
		if err != nil {
			return nil, Errorf(CodeParameter, "Invalid parameter, key-value pair not an object as expected")
		}
		if len(members) != 1 {
			return nil, Errorf(CodeParameter, "Invalid parameter, key-value pair must contain exactly one key")
		}
		pairs = append(pairs, members[0])
	}
	return pairs, nil
}
