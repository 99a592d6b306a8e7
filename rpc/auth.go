package rpc

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CookieUser is the user name in the cookie file (Core: COOKIEAUTH_USER).
const CookieUser = "__cookie__"

// maxCredential bounds the decoded credentials in bytes.
const maxCredential = 1024

// credential is a user and what he may do. Only a digest of user:password is
// kept, so that comparing takes the same time wherever two differ.
type credential struct {
	name   string
	digest [sha256.Size]byte
	may    Permission
}

func newCredential(user, password string, may Permission) *credential {
	return &credential{user, sha256.Sum256([]byte(user + ":" + password)), may}
}

// authenticate returns whose Authorization header this is, nil if nobody's.
func authenticate(known []*credential, header string) *credential {
	const scheme = "Basic "
	if len(header) < len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return nil
	}
	encoded := strings.TrimSpace(header[len(scheme):])
	if base64.StdEncoding.DecodedLen(len(encoded)) > maxCredential {
		return nil
	}
	var in, out [base64Room]byte
	n, err := base64.StdEncoding.Decode(out[:], in[:copy(in[:], encoded)])
	if err != nil {
		return nil
	}
	digest := sha256.Sum256(out[:n])
	var found *credential
	for _, c := range known { // all of them, whoever matches
		if subtle.ConstantTimeCompare(c.digest[:], digest[:]) == 1 {
			found = c
		}
	}
	return found
}

// base64Room is what maxCredential bytes take in base64, and more.
const base64Room = maxCredential*4/3 + 4

// writeCookie makes a new cookie file that only its owner can read, and returns
// the password in it.
func writeCookie(path string) (password string, err error) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	password = hex.EncodeToString(secret[:])
	// A new file, renamed: never half written, never with an old file's mode.
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("cannot write the RPC cookie file %s: %w", path, err)
	}
	_, err = tmp.WriteString(cookieText(password))
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return "", fmt.Errorf("cannot write the RPC cookie file %s: %w", path, err)
	}
	return password, nil
}

func cookieText(password string) string { return CookieUser + ":" + password }

// removeCookie removes the file if it is still ours.
func removeCookie(path, password string) {
	if b, err := os.ReadFile(path); err == nil && string(b) == cookieText(password) {
		_ = os.Remove(path)
	}
}
