package rpc

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/rpcclient"
)

// TestRPCClient calls the server with btcd's client, alone and in batches.
func TestRPCClient(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	for name, cfg := range map[string]*rpcclient.ConnConfig{
		"password": {User: "alice", Pass: "secret"},
		"cookie":   {CookiePath: s.cookie},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Host, cfg.HTTPPostMode, cfg.DisableTLS = s.Address().String(), true, true
			client, err := rpcclient.New(cfg, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { client.Shutdown(); client.WaitForShutdown() }()
			if n, err := client.GetBlockCount(); err != nil || n != 7 {
				t.Errorf("getblockcount %d %v", n, err)
			}
			if h, err := client.GetBlockHash(1); err != nil || h.String() != strings.Repeat("ab", 32) {
				t.Errorf("getblockhash %v %v", h, err)
			}
			_, err = client.GetBlockHash(99)
			wantBTCError(t, err, btcjson.RPCErrorCode(CodeParameter), "Block height out of range")
			_, err = client.GetInfo() // how it tells btcd from Core
			wantBTCError(t, err, btcjson.RPCErrorCode(CodeMethodNotFound), "Method not found")
			raw, err := client.RawRequest("help", []json.RawMessage{json.RawMessage(`"uptime"`)})
			if err != nil || !strings.HasPrefix(string(raw), `"uptime\n\n`) {
				t.Errorf("help %s %v", raw, err)
			}
			_, err = client.RawRequest("help", []json.RawMessage{json.RawMessage(`5`)})
			wantBTCError(t, err, btcjson.RPCErrorCode(CodeType), "Wrong type passed")
		})
	}
}

func wantBTCError(t *testing.T, err error, code btcjson.RPCErrorCode, text string) {
	t.Helper()
	var e *btcjson.RPCError
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Message, text) {
		t.Errorf("got %v, want %d %s", err, code, text)
	}
}

func TestRPCClientBatch(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	client, err := rpcclient.NewBatch(&rpcclient.ConnConfig{
		Host: s.Address().String(), User: "alice", Pass: "secret", HTTPPostMode: true, DisableTLS: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { client.Shutdown(); client.WaitForShutdown() }()
	count, bad := client.GetBlockCountAsync(), client.GetBlockHashAsync(99)
	if err := client.Send(); err != nil {
		t.Fatal(err)
	}
	if n, err := count.Receive(); err != nil || n != 7 {
		t.Errorf("getblockcount %d %v", n, err)
	}
	if _, err := bad.Receive(); err == nil || !strings.Contains(err.Error(), "Block height out of range") {
		t.Errorf("getblockhash %v", err)
	}
}
