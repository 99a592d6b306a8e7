package rpc

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"orrery/wallet/address"
)

// maxConfTarget is how many blocks ahead estimatesmartfee looks (Core: the
// longest horizon of its estimator).
const maxConfTarget = 1008

func (n *nodeMethods) utilMethods() []Method {
	return []Method{
		{
			Name: "validateaddress", Category: "util", Permission: PermRead, Handler: n.validateaddress,
			Doc:    "Tells whether a text is an address of this chain, and what it pays to.",
			Params: []Param{{Name: "address", Type: StringParam, Required: true, Doc: "The text"}},
			Result: Record("", "",
				Boolean("isvalid", "Whether it is an address; the members up to witness_program are there only then"),
				Text("address", "The address as it is usually written").Opt(),
				Hex("scriptPubKey", "The output script that pays to it").Opt(),
				Boolean("isscript", "Whether it is of a script; absent where nobody knows").Opt(),
				Boolean("iswitness", "Whether it is of a witness program").Opt(),
				Integer("witness_version", "The version of the witness program").Opt(),
				Hex("witness_program", "The witness program").Opt(),
				List("error_locations", "Which characters are likely wrong, counted from 0", Integer("", "An index")).Opt(),
				Text("error", "Why it is no address").Opt()),
			Example: `["` + exampleAddress + `"]`,
		},
		{
			Name: "estimatesmartfee", Category: "util", Permission: PermRead, Handler: n.estimatesmartfee,
			Doc: "Estimates what a transaction has to pay to be mined soon.\nThe node keeps no record of fees yet, so that it always answers that it cannot tell.",
			Params: []Param{
				{Name: "conf_target", Type: IntParam, Range: int32Range, Required: true, Doc: "Within how many blocks, 1 to 1008"},
				{Name: "estimate_mode", Type: StringParam, Default: "economical", Doc: "unset, economical or conservative"},
			},
			Result: Record("", "",
				Coins("feerate", "The fee for 1,000 virtual bytes, if it can be estimated").Opt(),
				List("errors", "Why it cannot", Text("", "A reason")).Opt(),
				Integer("blocks", "For how many blocks the estimate is; 0 if there is none")),
			Example: `[6]`,
		},
	}
}

type validatedAddress struct {
	IsValid        bool   `json:"isvalid"`
	Address        string `json:"address,omitempty"`
	Script         string `json:"scriptPubKey,omitempty"`
	IsScript       *bool  `json:"isscript,omitempty"`
	IsWitness      *bool  `json:"iswitness,omitempty"`
	WitnessVersion *int   `json:"witness_version,omitempty"`
	Program        string `json:"witness_program,omitempty"`
	Locations      *[]int `json:"error_locations,omitempty"`
	Error          string `json:"error,omitempty"`
}

func (n *nodeMethods) validateaddress(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	codec := codecOf(v)
	release()
	a, err := codec.Decode(c.Text("address"))
	if err != nil {
		places := []int{}
		var e *address.Error
		if errors.As(err, &e) && e.Locations != nil {
			places = e.Locations
		}
		return &validatedAddress{Locations: &places, Error: err.Error()}, nil
	}
	script, witness := a.IsScript(), a.IsWitness()
	res := &validatedAddress{IsValid: true, Address: a.String(), Script: hex.EncodeToString(a.Script()), IsWitness: &witness}
	if a.Kind() != address.WitnessUnknown {
		res.IsScript = &script
	}
	if witness && a.Kind() != address.Anchor {
		version := a.WitnessVersion()
		res.WitnessVersion, res.Program = &version, hex.EncodeToString(a.Program())
	}
	return res, nil
}

type feeEstimate struct {
	Errors []string `json:"errors"`
	Blocks int      `json:"blocks"`
}

func (n *nodeMethods) estimatesmartfee(_ context.Context, c *Call) (any, error) {
	if t := c.Int("conf_target"); t < 1 || t > maxConfTarget {
		return nil, Errorf(CodeParameter, "Invalid conf_target, must be between 1 and %d", maxConfTarget)
	}
	switch strings.ToLower(c.Text("estimate_mode")) {
	case "unset", "economical", "conservative":
	default:
		return nil, Errorf(CodeParameter, `Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"`)
	}
	return &feeEstimate{Errors: []string{"Insufficient data or no feerate found"}}, nil
}
