package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"orrery/core/consensus"
)

// TestBind is the binding of parameters with Core's codes and texts.
func TestBind(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	hash := strings.Repeat("0", 62) + "ff"
	full := func(text string, rest string) string {
		return `["` + text + `",` + rest + `,"` + hash + `",false]`
	}
	defaults := `6,true,0.00000150,1`
	zero := strings.Repeat("0", 64)
	usage := "mix \"text\" ( number flag amount verbosity \"hash\" {\"fee_rate\":amount,\"locktime\":n,...} )\n\nFor tests.\n"
	for _, tc := range []struct {
		params string
		code   Code
		want   string // the result, or the beginning of the message
	}{
		{`["a"]`, 0, `["a",` + defaults + `,"` + zero + `",false]`},
		{`["a",null,null,null,null,null,null]`, 0, `["a",` + defaults + `,"` + zero + `",false]`},
		{`{"text":"a"}`, 0, `["a",` + defaults + `,"` + zero + `",false]`},
		{`{"args":["a"]}`, 0, `["a",` + defaults + `,"` + zero + `",false]`},
		{`{"args":["a",7],"hash":"` + hash + `"}`, 0, full("a", "7,true,0.00000150,1")},
		{`{"hash":"` + hash + `","text":"a","verbose":true,"flag":false}`, 0, full("a", "6,false,0.00000150,1")},
		{`["a",-5,false,1.5,2,"` + hash + `",{}]`, 0, `["a",-5,false,1.50000000,2,"` + hash + `",true]`},
		{`["a",6,true,"0.5",false]`, 0, `["a",6,true,0.50000000,0,"` + zero + `",false]`},
		{`["a",6,true,2e-08,0]`, 0, `["a",6,true,0.00000002,0,"` + zero + `",false]`},
		{`["\u00e4\n\"",6]`, 0, `["ä\n\"",` + defaults + `,"` + zero + `",false]`},
		{`{"text":"a","fee_rate":1,"locktime":2}`, 0, `["a",` + defaults + `,"` + zero + `",true]`},
		{`[]`, CodeMisc, usage},
		{`{}`, CodeMisc, usage},
		{`null`, CodeMisc, usage},
		{`["a",1,true,1,1,"` + hash + `",{},8]`, CodeMisc, usage},
		{`[` + strings.Repeat("1,", 100_000) + `1]`, CodeMisc, usage},
		{`{"number":1}`, CodeType, "Wrong type passed:\n{\n    \"Position 1 (text)\": \"JSON value of type null is not of expected type string\"\n}"},
		{`[null]`, CodeType, "Wrong type passed:\n{\n    \"Position 1 (text)\": \"JSON value of type null is not of expected type string\"\n}"},
		{`[5]`, CodeType, "Wrong type passed:\n{\n    \"Position 1 (text)\": \"JSON value of type number is not of expected type string\"\n}"},
		{`[true,"x",[],{}]`, CodeType, "Wrong type passed:\n{\n    \"Position 1 (text)\": \"JSON value of type bool is not of expected type string\",\n    \"Position 2 (number)\": \"JSON value of type string is not of expected type number\",\n    \"Position 3 (flag)\": \"JSON value of type array is not of expected type bool\"\n}"},
		{`["a",1,true,{}]`, CodeType, "Amount is not a number or string"},
		{`["a",1,true,"1,5"]`, CodeType, "Invalid amount"},
		{`["a",1,true,0.123456789]`, CodeType, "Invalid amount"},
		{`["a",1,true,-1]`, CodeType, "Amount out of range"},
		{`["a",1,true,21000000.00000001]`, CodeType, "Amount out of range"},
		{`["a",1.5]`, CodeMisc, "JSON integer out of range"},
		{`["a",99999999999999999999]`, CodeMisc, "JSON integer out of range"},
		{`["a",1,true,1,"1"]`, CodeType, "JSON value of type string is not of expected type number"},
		{`["a",1,true,1,1,"ff"]`, CodeParameter, "hash must be of length 64 (not 2, for 'ff')"},
		{`["a",1,true,1,1,"` + strings.Repeat("g", 64) + `"]`, CodeParameter, "hash must be hexadecimal string (not 'gggg"},
		{`{"text":"a","nix":1}`, CodeParameter, "Unknown named parameter nix"},
		{`{"text":"a","text":"b"}`, CodeParameter, "Parameter text specified multiple times"},
		{`{"text":"a","verbose":1,"verbosity":1}`, CodeParameter, "Parameter verbosity specified multiple times"},
		{`{"args":["a"],"text":"b"}`, CodeParameter, "Parameter text specified twice both as positional and named argument"},
		{`{"args":["a",1,true,1,1],"verbose":1}`, CodeParameter, "Parameter verbosity|verbose specified twice both as positional and named argument"},
		{`{"args":5,"text":"b"}`, CodeType, "JSON value of type number is not of expected type array"},
		{`{"text":"a","fee_rate":1,"object":{}}`, CodeParameter, "Parameter object conflicts with its own members"},
	} {
		for _, version := range []string{"1.0", "2.0"} {
			a := s.post(t, `{"jsonrpc":"`+version+`","method":"mix","id":1,"params":`+tc.params+`}`)
			want := `"result":` + tc.want
			if tc.code != 0 {
				message := string(quote(nil, tc.want))
				want = fmt.Sprintf(`"error":{"code":%d,"message":%s`, tc.code, message[:len(message)-1])
			}
			if !strings.Contains(a.body, want) {
				t.Errorf("%.200s\ngot  %s\nwant %s", tc.params, a.body, want)
			}
		}
	}
}

func TestAmount(t *testing.T) {
	for sat, want := range map[Amount]string{
		0: "0.00000000", 1: "0.00000001", -1: "-0.00000001", 50_000_000: "0.50000000", 150_000_000_00: "150.00000000",
		consensusMax: "21000000.00000000", -123456789: "-1.23456789", 1<<63 - 1: "92233720368.54775807", -1 << 63: "-92233720368.54775808",
	} {
		b, err := sat.MarshalJSON()
		if err != nil || string(b) != want || sat.String() != want {
			t.Errorf("%d: %s %v", int64(sat), b, err)
		}
	}
	for text, want := range map[string]Amount{
		"0": 0, "0.5": 50_000_000, "2e-08": 2, "2E-8": 2, "1": 100_000_000, "0.00000001": 1, "1e-8": 1, "21000000": consensusMax,
		"0.10000000000000000000": 10_000_000, "2.1e7": consensusMax, "0.00000001000000": 1, "-0": 0, "0e999999999": 0, "0.0e-9": 0,
		"1000000000000e-12": 100_000_000, "1.5": 150_000_000, "100": 10_000_000_000, "0.01": 1_000_000, "12.30": 1_230_000_000,
	} {
		got, err := ParseAmount(text)
		if err != nil || got != want {
			t.Errorf("%s: %d %v, want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "Invalid amount", "-": "Invalid amount", ".5": "Invalid amount", "5.": "Invalid amount", "01": "Invalid amount", "+1": "Invalid amount",
		" 1": "Invalid amount", "1 ": "Invalid amount", "1e": "Invalid amount", "0x1": "Invalid amount", "1e-9": "Invalid amount", "0.000000001": "Invalid amount",
		"1.123456789": "Invalid amount", "1e99999999999999999999": "Invalid amount", "1e400": "Invalid amount", "NaN": "Invalid amount", "9223372036854775808": "Invalid amount",
		"99999999999999999999999": "Invalid amount", "-0.00000001": "Amount out of range", "21000000.00000001": "Amount out of range", "92233720368": "Amount out of range",
	} {
		got, err := ParseAmount(text)
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeType || e.Message != want {
			t.Errorf("%q: %d %v, want %s", text, got, err, want)
		}
	}
}

const consensusMax = Amount(consensus.MaxMoney)

func TestValues(t *testing.T) {
	v := Value(`{"txid":"ab","vout":1,"seq":null,"list":[1,"x",true]}`)
	o, err := v.Object("txid", "vout", "seq", "list", "more")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := o.Get("txid").Text(); err != nil || text != "ab" {
		t.Errorf("txid %q %v", text, err)
	}
	if n, err := o.Get("vout").Int(); err != nil || n != 1 {
		t.Errorf("vout %d %v", n, err)
	}
	if o.Get("seq") != nil || o.Get("more") != nil || o.Get("seq").Kind() != KindNull {
		t.Error("what is null or missing is not empty")
	}
	items, err := o.Get("list").Items()
	if err != nil || len(items) != 3 {
		t.Fatalf("list %q %v", items, err)
	}
	if b, err := items[2].Bool(); err != nil || !b {
		t.Errorf("flag %v %v", b, err)
	}
	if n, err := Value("1.5").Fixed(3); err != nil || n != 1500 {
		t.Errorf("fixed %d %v", n, err)
	}
	wrong := func(err error, code Code, text string) {
		t.Helper()
		var e *Error
		if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) {
			t.Errorf("got %v, want %d %s", err, code, text)
		}
	}
	_, err = v.Object("txid", "vout", "seq")
	wrong(err, CodeType, "Unexpected key list")
	_, err = Value(`{"a":1,"a":2}`).Object("a")
	wrong(err, CodeParameter, "Parameter a specified multiple times")
	_, err = Value(`[]`).Object()
	wrong(err, CodeType, "JSON value of type array is not of expected type object")
	_, err = o.Get("more").Text()
	wrong(err, CodeType, "JSON value of type null is not of expected type string")
	_, err = items[0].Bool()
	wrong(err, CodeType, "expected type bool")
	_, err = items[1].Hash("txid")
	wrong(err, CodeParameter, "txid must be of length 64 (not 1, for 'x')")
	_, err = Value(`"0g"`).Hex("hexdata")
	wrong(err, CodeParameter, "hexdata must be hexadecimal string (not '0g')")
	_, err = Value(`"1.0001"`).Fixed(3)
	wrong(err, CodeType, "Invalid amount")
	_, err = Value("[" + strings.Repeat("1,", maxItems) + "1]").Items()
	wrong(err, CodeParameter, "Too many items")
}

func TestErrors(t *testing.T) {
	rule := &consensus.RuleError{Kind: consensus.InBelowOut, Detail: "value in (1) < value out (2)"}
	missing := fmt.Errorf("checking: %w", &consensus.RuleError{Kind: consensus.MissingInputs, Detail: "which"})
	version := &consensus.RuleError{Kind: consensus.BadVersion, Word: "bad-version(0x00000001)"}
	decode := fmt.Errorf("reading: %w", consensus.ErrDecode)
	for _, tc := range []struct {
		got  *Error
		code Code
		text string
	}{
		{TxError(rule), CodeVerifyRejected, "bad-txns-in-belowout, value in (1) < value out (2)"},
		{TxError(missing), CodeVerify, "bad-txns-inputs-missingorspent"},
		{TxError(decode), CodeDeserialization, "TX decode failed. Make sure the tx has at least one input."},
		{TxError(Errorf(CodeWallet, "x")), CodeWallet, "x"},
		{BlockError(version), CodeVerify, "bad-version(0x00000001)"},
		{BlockError(decode), CodeDeserialization, "Block decode failed"},
		{asError(fmt.Errorf("wrapped: %w", Errorf(CodeFunds, "Insufficient funds"))), CodeFunds, "Insufficient funds"},
		{asError(decode), CodeDeserialization, "reading: cannot decode"},
		{asError(missing), CodeVerify, "bad-txns-inputs-missingorspent, which"},
		{asError(context.Canceled), CodeMisc, "The call was ended before it finished"},
		{asError(errors.New("disk")), CodeMisc, "disk"},
	} {
		if tc.got.Code != tc.code || tc.got.Message != tc.text {
			t.Errorf("got %d %q, want %d %q", tc.got.Code, tc.got.Message, tc.code, tc.text)
		}
	}
	if !errors.Is(TxError(rule), consensus.InBelowOut) || !errors.Is(asError(decode), consensus.ErrDecode) {
		t.Error("the cause is lost")
	}
	wire, err := TxError(rule).ToJSONRPCError()
	var back Error
	if err != nil || back.FromJSONRPCError(wire) != nil || back.Code != CodeVerifyRejected || back.Message != wire.Message {
		t.Errorf("there and back: %+v %v", back, err)
	}
}
