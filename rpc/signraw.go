package rpc

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/rpc/internal/scripttext"
	"orrery/wallet/address"
	"orrery/wallet/sign"
)

func (n *nodeMethods) signingMethods() []Method {
	return []Method{{
		Name: "signrawtransactionwithkey", Category: "rawtransactions", Permission: PermRead, Handler: n.signrawtransactionwithkey,
		Doc: "Signs a transaction with private keys, as far as they go.\nNothing is kept or sent.",
		Params: []Param{
			{Name: "hexstring", Type: StringParam, Required: true, Doc: "The serialized transaction"},
			{Name: "privkeys", Type: ArrayParam, Required: true, Doc: "The keys", Inner: []Param{{Name: "privatekey", Type: StringParam, Doc: "A private key in wallet import format"}}},
			prevtxsParam(),
			sighashParam(),
		},
		Result:  signedSchema(),
		Example: `["` + exampleTx + `", []]`,
	}}
}

func prevtxsParam() Param {
	prevout := Param{Name: "", Type: ObjectParam, Doc: "An output", Inner: []Param{
		{Name: "txid", Type: HashParam, Required: true, Doc: "The transaction that makes it"},
		{Name: "vout", Type: IntParam, Required: true, Doc: "Its index"},
		{Name: "scriptPubKey", Type: HexParam, Required: true, Doc: "Its script"},
		{Name: "redeemScript", Type: HexParam, Doc: "The redeem script, for P2SH"},
		{Name: "witnessScript", Type: HexParam, Doc: "The witness script, for P2WSH also inside P2SH"},
		{Name: "amount", Type: AmountParam, Doc: "Its value in coins, for witness programs"},
	}}
	return Param{Name: "prevtxs", Type: ArrayParam, Doc: "Outputs that it spends and that are not in the chain or the mempool", Inner: []Param{prevout}}
}

func sighashParam() Param {
	return Param{
		Name: "sighashtype", Type: StringParam, DefaultHint: "DEFAULT for taproot, ALL otherwise",
		Doc: "What the signatures cover: DEFAULT, ALL, NONE or SINGLE, the last three also with |ANYONECANPAY",
	}
}

// parseSighash reads sighashtype.
func parseSighash(c *Call) (txscript.SigHashType, error) {
	if !c.Has("sighashtype") {
		return txscript.SigHashDefault, nil
	}
	t, err := sign.ParseHashType(c.Text("sighashtype"))
	if err != nil {
		return 0, Errorf(CodeParameter, "%w", err)
	}
	return t, nil
}

// chainPrevouts are the outputs that tx spends, as far as the chain and the
// mempool have them.
func chainPrevouts(v *node.View, tx *consensus.Tx) (map[wire.OutPoint]sign.Prevout, error) {
	prevouts := map[wire.OutPoint]sign.Prevout{}
	for _, in := range tx.Msg.TxIn {
		coin, err := findCoin(v, in.PreviousOutPoint)
		if err != nil {
			return nil, err
		}
		if coin != nil {
			prevouts[in.PreviousOutPoint] = sign.Prevout{Value: coin.Value, Script: coin.Script}
		}
	}
	return prevouts, nil
}

func signedSchema() Schema {
	return Record("", "",
		Hex("hex", "The transaction with its signatures"),
		Boolean("complete", "Whether every input is completely signed"),
		List("errors", "What is wrong with the inputs that are not",
			Record("", "An input",
				Hash("txid", "The transaction whose output it spends"),
				Integer("vout", "The index of that output"),
				List("witness", "Its witness", Hex("", "An item of the witness")),
				Hex("scriptSig", "Its script"),
				Integer("sequence", "Its sequence number"),
				Text("error", "What is wrong"))).Opt())
}

type signedTx struct {
	Hex      string       `json:"hex"`
	Complete bool         `json:"complete"`
	Errors   []inputFault `json:"errors,omitempty"`
}

type inputFault struct {
	Txid      string   `json:"txid"`
	Vout      uint32   `json:"vout"`
	Witness   []string `json:"witness"`
	ScriptSig string   `json:"scriptSig"`
	Sequence  uint32   `json:"sequence"`
	Error     string   `json:"error"`
}

func (n *nodeMethods) signrawtransactionwithkey(_ context.Context, c *Call) (any, error) {
	tx := decodeTx(c.Text("hexstring"), whole)
	if tx == nil {
		return nil, errTxDecode
	}
	v, release := n.Node.Acquire()
	defer release()
	codec := codecOf(v)
	keys := new(sign.KeySet)
	for _, item := range c.Items("privkeys") {
		text, err := item.Text()
		if err != nil {
			return nil, err
		}
		key, err := codec.DecodeWIF(text)
		if err != nil {
			return nil, Errorf(CodeAddress, "Invalid private key")
		}
		keys.AddKey(key)
	}
	prevouts, err := chainPrevouts(v, tx)
	if err != nil {
		return nil, err
	}
	if err := addPrevouts(c.Items("prevtxs"), codec, keys, prevouts); err != nil {
		return nil, err
	}
	hashType, err := parseSighash(c)
	if err != nil {
		return nil, err
	}
	return signTx(tx, prevouts, keys, hashType)
}

// signTx signs a copy of tx and tells what is missing (Core:
// SignTransactionResultToJSON).
func signTx(tx *consensus.Tx, prevouts map[wire.OutPoint]sign.Prevout, keys *sign.KeySet, hashType txscript.SigHashType) (*signedTx, error) {
	msg := tx.Msg.Copy()
	return signedResult(msg, prevouts, sign.Transaction(msg, prevouts, keys, sign.Options{HashType: hashType}))
}

func signedResult(msg *wire.MsgTx, prevouts map[wire.OutPoint]sign.Prevout, failed []*sign.InputError) (*signedTx, error) {
	signed := consensus.NewTx(msg)
	res := &signedTx{Hex: hex.EncodeToString(signed.Bytes()), Complete: len(failed) == 0}
	for _, f := range failed {
		prev := wire.OutPoint{Hash: f.Txid, Index: f.Vout}
		if f.Err == nil && f.Text == "Missing amount" {
			return nil, Errorf(CodeType, "Missing amount for %v", prev)
		}
		if f.Err != nil {
			f.Text = scriptText(signed, f, prevouts)
		}
		res.Errors = append(res.Errors, inputFault{
			Txid: f.Txid.String(), Vout: f.Vout, Witness: hexOf(f.Witness), ScriptSig: hex.EncodeToString(f.ScriptSig),
			Sequence: f.Sequence, Error: f.Text,
		})
	}
	return res, nil
}

// Texts that signrawtransaction has of its own (Core: SignTransaction).
var scriptTexts = map[string]string{
	"Operation not valid with the current stack size":             "Unable to sign input, invalid stack size (possibly missing key)",
	"Signature must be zero for failed CHECK(MULTI)SIG operation": "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)",
}

// scriptText asks the consensus code, which has Core's texts, why an input
// does not hold.
func scriptText(tx *consensus.Tx, f *sign.InputError, prevouts map[wire.OutPoint]sign.Prevout) string {
	spent := make([]*consensus.Coin, len(tx.Msg.TxIn))
	for i, in := range tx.Msg.TxIn {
		p := prevouts[in.PreviousOutPoint] // the zero Prevout for what is not known
		spent[i] = &consensus.Coin{Value: p.Value, Script: p.Script}
	}
	fault := consensus.PrepareScripts(&consensus.TxCheck{Tx: tx, Spent: spent, Flags: consensus.StandardFlags}, nil).Verify(f.Index)
	if fault == nil {
		return f.Text
	}
	_, text, _ := strings.Cut(fault.RejectWord(), " (")
	text = strings.TrimSuffix(text, ")")
	if own, ok := scriptTexts[text]; ok {
		return own
	}
	return text
}

// prevoutMembers must be there; they are looked at in this order.
var prevoutMembers = []struct {
	key  string
	kind Kind
}{{"scriptPubKey", KindString}, {"txid", KindString}, {"vout", KindNumber}}

// addPrevouts reads prevtxs (Core: ParsePrevouts). Without keys it leaves out
// the scripts.
func addPrevouts(items []Value, codec address.Codec, keys *sign.KeySet, prevouts map[wire.OutPoint]sign.Prevout) error {
	for _, item := range items {
		members, err := item.Members()
		if err != nil {
			return Errorf(CodeDeserialization, "expected object with {\"txid'\",\"vout\",\"scriptPubKey\"}")
		}
		o := Object(members)
		for _, want := range prevoutMembers {
			if got := o.Get(want.key); got == nil {
				return Errorf(CodeType, "Missing %s", want.key)
			} else if got.Kind() != want.kind {
				return Errorf(CodeType, "JSON value of type %s for field %s is not of expected type %s", got.Kind(), want.key, want.kind)
			}
		}
		if err := addPrevout(o, codec, keys, prevouts); err != nil {
			return err
		}
	}
	return nil
}

func addPrevout(o Object, codec address.Codec, keys *sign.KeySet, prevouts map[wire.OutPoint]sign.Prevout) error {
	out, err := parseOutpoint(o, CodeDeserialization)
	if err != nil {
		return err
	}
	script, err := o.Get("scriptPubKey").Hex("scriptPubKey")
	if err != nil {
		return err
	}
	if known, ok := prevouts[out]; ok && string(known.Script) != string(script) {
		return Errorf(CodeDeserialization, "Previous output scriptPubKey mismatch:\n%s\nvs:\n%s", scripttext.Asm(known.Script), scripttext.Asm(script))
	}
	p := sign.Prevout{Script: script, NoValue: true}
	if amount := o.Get("amount"); amount != nil {
		sat, err := amount.Amount()
		if err != nil {
			return err
		}
		p.Value, p.NoValue = int64(sat), false
	}
	prevouts[out] = p
	if keys == nil {
		return nil
	}
	if kind := address.ScriptType(script); kind == "scripthash" || kind == "witness_v0_scripthash" {
		return addScripts(o, codec, keys, script, kind)
	}
	return nil
}

// addScripts reads the scripts behind a hash and checks that they are.
func addScripts(o Object, codec address.Codec, keys *sign.KeySet, output []byte, kind string) error {
	redeem, err := optionalHex(o, "redeemScript")
	if err != nil {
		return err
	}
	witness, err := optionalHex(o, "witnessScript")
	if err != nil {
		return err
	}
	script := witness
	if script == nil {
		script = redeem
	}
	if script == nil {
		return Errorf(CodeParameter, "Missing redeemScript/witnessScript")
	}
	program := codec.WitnessScript(script).Script()
	keys.AddScript(script)
	keys.AddScript(program)
	if witness != nil && redeem != nil && string(witness) != string(redeem) && string(redeem) != string(program) {
		return Errorf(CodeParameter, "redeemScript does not correspond to witnessScript")
	}
	fits := string(output) == string(program)
	if kind == "scripthash" {
		fits = string(output) == string(codec.RedeemScript(script).Script()) || string(output) == string(codec.RedeemScript(program).Script())
	}
	if !fits {
		return Errorf(CodeParameter, "redeemScript/witnessScript does not match scriptPubKey")
	}
	return nil
}

func optionalHex(o Object, key string) ([]byte, error) {
	v := o.Get(key)
	if v == nil {
		return nil, nil
	}
	if v.Kind() != KindString {
		return nil, Errorf(CodeType, "JSON value of type %s for field %s is not of expected type string", v.Kind(), key)
	}
	return v.Hex(key)
}
