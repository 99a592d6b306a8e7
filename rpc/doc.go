// Package rpc answers JSON-RPC over HTTP for wallets and tools, as Bitcoin
// Core 31 does: the same envelopes, codes, texts and results, so that the tools
// people already have work unchanged.
//
// A request passes through these files in this order:
//
//	listener.go  connections: how many, how long
//	front.go     host, origin, path, verb, credentials, body
//	envelope.go  what a request object is (json.go is the scanner)
//	answer.go    JSON-RPC 1.x and 2.0, batches, permissions
//	dispatch.go  the method is found and run by go-jsonrpc
//	bind.go      parameters by position or by name become typed arguments
//	control.go … the methods by area, one list in methods.go
//	reply.go     result or error, in the form that the request's version asks
//
// Everything that people and tools read about a method (help, rpc.discover,
// docs/rpc.md, the conversion of command line arguments) comes from the one
// method table.
package rpc
