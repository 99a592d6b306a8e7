package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	jsonrpc "github.com/filecoin-project/go-jsonrpc"

	"orrery/core/consensus"
)

// Code is a JSON-RPC error code; the numbers and meanings are Bitcoin Core's
// (src/rpc/protocol.h).
type Code int

// The codes that clients may meet.
const (
	CodeMisc            Code = -1  // anything else; wrong count of parameters
	CodeType            Code = -3  // a parameter of the wrong JSON type
	CodeWallet          Code = -4  // a wallet could not do it
	CodeAddress         Code = -5  // no such address, key, block or transaction
	CodeFunds           Code = -6  // not enough money
	CodeParameter       Code = -8  // a parameter with a wrong value
	CodeNotConnected    Code = -9  // no peers
	CodeInitialSync     Code = -10 // still downloading the chain
	CodeUnlockNeeded    Code = -13 // the wallet is locked
	CodePassphrase      Code = -14 // wrong passphrase
	CodeEncryptionState Code = -15 // encrypted already, or not encrypted
	CodeEncryption      Code = -16 // encrypting failed
	CodeWalletNotFound  Code = -18 // no such wallet
	CodeWalletNotNamed  Code = -19 // several wallets, none named
	CodeDatabase        Code = -20 // the store failed
	CodeDeserialization Code = -22 // bytes that are not what they should be
	CodeNodeAdded       Code = -23 // node or ban is there already
	CodeNodeNotAdded    Code = -24
	CodeVerify          Code = -25 // a block or transaction failed a check
	CodeVerifyRejected  Code = -26 // a transaction broke a rule
	CodeVerifyInChain   Code = -27 // a transaction is mined already
	CodeWarmup          Code = -28 // the node is starting
	CodeNodeNotConnect  Code = -29
	CodeSubnet          Code = -30 // a bad address or subnet
	CodeNoNetwork       Code = -31 // this node has no peers at all
	CodeNodeCapacity    Code = -34 // too many of them
	CodeWalletLoaded    Code = -35
	CodeWalletExists    Code = -36
	CodeInvalidRequest  Code = -32600
	CodeMethodNotFound  Code = -32601
	CodeInvalidParams   Code = -32602
	CodeInternal        Code = -32603 // a fault of ours, never an answer to bad input
	CodeParse           Code = -32700
)

// Error is an error with the code that the client gets. Handlers return it
// for everything that a client can cause.
type Error struct {
	Code    Code
	Message string
	cause   error
}

var _ jsonrpc.RPCErrorCodec = (*Error)(nil)

// Errorf makes an Error; %w keeps the cause for errors.Is.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause given to Errorf with %w, if any.
func (e *Error) Unwrap() error { return e.cause }

// ToJSONRPCError is how go-jsonrpc asks for the code (RPCErrorCodec).
func (e *Error) ToJSONRPCError() (jsonrpc.JSONRPCError, error) {
	return jsonrpc.JSONRPCError{Code: jsonrpc.ErrorCode(e.Code), Message: e.Message}, nil
}

// FromJSONRPCError is the other direction (RPCErrorCodec).
func (e *Error) FromJSONRPCError(j jsonrpc.JSONRPCError) error {
	e.Code, e.Message = Code(j.Code), j.Message
	return nil
}

// asError is the one place where errors of other packages get their code.
func asError(err error) *Error {
	var e *Error
	var rule *consensus.RuleError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &rule):
		return BlockError(err)
	case errors.Is(err, consensus.ErrDecode):
		return Errorf(CodeDeserialization, "%w", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Errorf(CodeMisc, "The call was ended before it finished")
	}
	return Errorf(CodeMisc, "%w", err)
}

// BlockError gives an error of a block its code: -22 if its bytes cannot be
// decoded, -25 with Core's word if it breaks a rule.
func BlockError(err error) *Error {
	if errors.Is(err, consensus.ErrDecode) {
		return Errorf(CodeDeserialization, "Block decode failed")
	}
	return ruleError(CodeVerify, err)
}

// TxError gives an error of a transaction its code, as sendrawtransaction
// answers: -22 if its bytes cannot be decoded, -25 if an input is unknown, else
// -26 with Core's word.
func TxError(err error) *Error {
	switch {
	case errors.Is(err, consensus.ErrDecode):
		return Errorf(CodeDeserialization, "TX decode failed. Make sure the tx has at least one input.")
	case errors.Is(err, consensus.MissingInputs):
		return Errorf(CodeVerify, "%w", consensus.MissingInputs)
	}
	return ruleError(CodeVerifyRejected, err)
}

// ruleError writes a broken rule as Core writes a ValidationState: the word,
// then the detail after a comma.
func ruleError(code Code, err error) *Error {
	var rule *consensus.RuleError
	if !errors.As(err, &rule) {
		return asError(err)
	}
	text := rule.RejectWord()
	if rule.Detail != "" {
		text += ", " + rule.Detail
	}
	return &Error{Code: code, Message: text, cause: err}
}

// marshalPlain is json.Marshal without the escapes meant for HTML pages.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
