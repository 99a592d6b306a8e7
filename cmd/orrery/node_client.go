package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/datadir"
	"orrery/rpc/client"
)

// client calls the node that the settings mean. wallet nil: the only one.
func (a *app) client(wallet *string) (*client.Client, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	address, err := nodeAddress(s)
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{
		Address: address, User: s.RPC.User, Password: s.RPC.Password.Reveal(),
		CookieFile: filepath.Join(s.Node.DataDir, datadir.CookieFile), Wallet: wallet,
	}), nil
}

// nodeAddress is where the node answers: as this command line says, else as
// the node wrote into its data folder, since it may have taken another port
// than its settings ask for.
func nodeAddress(s *config.Settings) (string, error) {
	if asksForAddress(s) {
		return reachable(s.RPC.Listen), nil
	}
	raw, err := os.ReadFile(filepath.Join(s.Node.DataDir, datadir.RPCFile))
	switch {
	case err == nil:
		return reachable(strings.TrimSpace(string(raw))), nil
	case !errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("the node's address cannot be read: %w", err)
	case s.RPC.User != "":
		return reachable(s.RPC.Listen), nil // no data folder is needed for that
	}
	return "", fmt.Errorf("%w for the data folder %s: start one with 'orrery node', or name the folder of the running one with --node.data_dir",
		client.ErrNotRunning, s.Node.DataDir)
}

// asksForAddress reports whether this command line says where the node answers.
// Port 0 does not: only the node knows which one it got.
func asksForAddress(s *config.Settings) bool {
	_, port, _ := net.SplitHostPort(s.RPC.Listen)
	return s.Source("rpc.listen").Kind >= config.Environment && port != "0"
}

// reachable turns "every address of this machine" into one of them.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	switch ip := net.ParseIP(host); {
	case host == "" || ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
