package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orrery/cmd/internal/e2e"
)

// certificate makes a certificate and its key, as a person would with openssl,
// and returns the settings that name them.
func certificate(t *testing.T) []string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a network"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var args []string
	for _, f := range []struct {
		name, kind string
		der        []byte
	}{{"cert", "CERTIFICATE", der}, {"key", "PRIVATE KEY", secret}} {
		path := filepath.Join(dir, f.name+".pem")
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.der}), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--p2p.tls_"+f.name, path)
	}
	return args
}

// TestTLS: two nodes with one certificate join over TLS. One without, or with a
// certificate of its own, is told in one line why it cannot, from either side.
func TestTLS(t *testing.T) {
	t.Parallel()
	secured := certificate(t)
	a := e2e.First(t, secured...)
	b := e2e.Join(t, t.TempDir(), a, secured...)
	e2e.WaitTip(t, a.Mine(5)[4], b)
	e2e.WaitTip(t, b.Mine(1)[0], a)
	plain := e2e.First(t)
	for _, tt := range []struct {
		to   string
		tls  []string
		want []string
	}{
		{a.Self().Listen, nil, []string{"TLS", "p2p.tls_cert"}},
		{a.Self().Listen, certificate(t), []string{"TLS", "certificate"}},
		{plain.Self().Listen, secured, []string{"TLS", "p2p.tls_cert"}},
	} {
		p := e2e.Launch(t, "", nil, e2e.Joiner(t.TempDir(), tt.to, tt.tls...)...)
		line := p.WaitLine("next try in")
		for _, word := range tt.want {
			if !strings.Contains(line, word) {
				t.Errorf("%v to %s: %q has no %q", tt.tls, tt.to, line, word)
			}
		}
		p.Signal(os.Interrupt)
		if code, _ := p.Wait(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, p.Output())
		}
	}
	for _, n := range []*e2e.Node{plain, b, a} {
		n.Stop()
	}
}
