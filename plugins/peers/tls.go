package peers

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// tlsFiles let in, and trust, whoever holds a certificate that is in this
// node's certificate file or was signed by one in it. So the nodes of one
// network share one certificate, or each has one of the same issuer. Names are
// not compared: who listens where is the network's own affair.
type tlsFiles struct {
	own   tls.Certificate
	roots *x509.CertPool
}

func readTLS(certFile, keyFile string) (*tlsFiles, error) {
	own, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS between peers: %w; name the right files, or none", err)
	}
	pem, err := os.ReadFile(certFile) // #nosec G304 -- the operator names it
	if err != nil {
		return nil, fmt.Errorf("TLS between peers: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("TLS between peers: %s holds no certificate", certFile)
	}
	return &tlsFiles{own, roots}, nil
}

func (f *tlsFiles) server() *tls.Config {
	c := f.config()
	c.ClientAuth = tls.RequireAnyClientCert
	return c
}

func (f *tlsFiles) client() *tls.Config {
	c := f.config()
	c.InsecureSkipVerify = true // #nosec G402 -- VerifyConnection does it, without names
	return c
}

func (f *tlsFiles) config() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{f.own}, MinVersion: tls.VersionTLS13,
		NextProtos: []string{"http/1.1"}, VerifyConnection: f.verify,
		SessionTicketsDisabled: true,
	}
}

func (f *tlsFiles) verify(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the other end shows no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: f.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err
}
