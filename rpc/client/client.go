// Package client calls a node's JSON-RPC: for the command line and the wallet
// commands, and for programs in Go.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"orrery/rpc"
)

// maxAnswer bounds an answer in bytes; the server's own bound for a batch is
// smaller.
const maxAnswer = 256 << 20

// Config says which node is called and how.
type Config struct {
	// Address is host:port.
	Address string
	// User and Password are used if they are set, else what CookieFile holds.
	User, Password string
	CookieFile     string
	// Wallet names the wallet of wallet methods; nil: the only one.
	Wallet *string
	// Timeout bounds one exchange; 0: it may take as long as it takes.
	Timeout time.Duration
}

// The reasons why there is no answer; each error tells what to do next.
var (
	ErrNotRunning = errors.New("no node answers")
	ErrRefused    = errors.New("the node refuses the user or password")
	ErrBusy       = errors.New("the node is busy")
)

// Client calls one node over connections that stay open. It may be used by
// several goroutines.
type Client struct {
	cfg  Config
	url  string
	http *http.Client

	mu     sync.Mutex
	cookie string // user:password as last read
}

// New makes a client; nothing is opened or read yet.
func New(cfg Config) *Client {
	path := "/"
	if cfg.Wallet != nil {
		path = "/wallet/" + url.PathEscape(*cfg.Wallet)
	}
	return &Client{cfg: cfg, url: "http://" + cfg.Address + path, http: &http.Client{
		Timeout: cfg.Timeout,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext, // a node is near
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     20 * time.Second, // less than the server waits, so that a call never meets a connection just closed
		},
	}}
}

// Close closes the connections that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call is one call of a batch. Params is nil, a slice (by position), a map or
// struct (by name), or raw JSON. After the batch, Err is the node's error, an
// *rpc.Error, and Result what the method returned.
type Call struct {
	Method string
	Params any
	Result json.RawMessage
	Err    error
}

// Call calls one method and decodes its result into result, unless that is
// nil. An error of the method is an *rpc.Error.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	call := Call{Method: method, Params: params}
	b, err := encode(&call, 0)
	if err != nil {
		return err
	}
	b, err = c.exchange(ctx, b)
	if err != nil {
		return err
	}
	var a wire
	if err := json.Unmarshal(b, &a); err != nil {
		return fmt.Errorf("the answer to %s cannot be read: %w", method, err)
	}
	call.take(&a)
	if call.Err != nil || result == nil {
		return call.Err
	}
	if err := json.Unmarshal(call.Result, result); err != nil {
		return fmt.Errorf("the result of %s cannot be read: %w", method, err)
	}
	return nil
}

// Batch sends the calls together; the node runs them in order. The error is
// about the exchange, those of the methods are in the calls.
func (c *Client) Batch(ctx context.Context, calls []*Call) error {
	if len(calls) == 0 {
		return nil
	}
	body := []byte{'['}
	for i, call := range calls {
		b, err := encode(call, i)
		if err != nil {
			return err
		}
		body = append(append(body, b...), ',')
	}
	body[len(body)-1] = ']'
	b, err := c.exchange(ctx, body)
	if err != nil {
		return err
	}
	var answers []wire
	if err := json.Unmarshal(b, &answers); err != nil {
		var one wire // a batch that is refused as a whole
		if json.Unmarshal(b, &one) == nil && one.Error != nil {
			return one.err()
		}
		return fmt.Errorf("the answers to a batch cannot be read: %w", err)
	}
	if len(answers) != len(calls) {
		return fmt.Errorf("%d calls got %d answers", len(calls), len(answers))
	}
	for i := range answers {
		if answers[i].ID != i {
			return fmt.Errorf("answer %d of a batch is for call %d", i, answers[i].ID)
		}
		calls[i].take(&answers[i])
	}
	return nil
}

// wire is an answer of version 2.0.
type wire struct {
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    rpc.Code `json:"code"`
		Message string   `json:"message"`
	} `json:"error"`
	ID int `json:"id"`
}

func (a *wire) err() error { return &rpc.Error{Code: a.Error.Code, Message: a.Error.Message} }

func (call *Call) take(a *wire) {
	call.Result, call.Err = a.Result, nil
	if a.Error != nil {
		call.Result, call.Err = nil, a.err()
	}
}

func encode(call *Call, id int) ([]byte, error) {
	params := call.Params
	if params == nil {
		params = []any{}
	}
	b, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		ID      int    `json:"id"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{"2.0", id, call.Method, params})
	if err != nil {
		return nil, fmt.Errorf("the parameters of %s cannot be written: %w", call.Method, err)
	}
	return b, nil
}

// exchange posts a body. A node that was started anew has a new cookie, so a
// refused one is read again, once.
func (c *Client) exchange(ctx context.Context, body []byte) ([]byte, error) {
	credentials, err := c.credentials(false)
	if err != nil {
		return nil, err
	}
	b, err := c.post(ctx, credentials, body)
	if errors.Is(err, ErrRefused) && c.cfg.User == "" {
		again, readErr := c.credentials(true)
		if readErr == nil && again != credentials {
			return c.post(ctx, again, body)
		}
	}
	return b, err
}

// credentials are user:password.
func (c *Client) credentials(anew bool) (string, error) {
	if c.cfg.User != "" {
		return c.cfg.User + ":" + c.cfg.Password, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cookie != "" && !anew {
		return c.cookie, nil
	}
	b, err := os.ReadFile(c.cfg.CookieFile)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%w: there is no cookie file %s. Start one with 'orrery node', or name the data folder of the running one with --node.data_dir", ErrNotRunning, c.cfg.CookieFile)
	case err != nil:
		return "", fmt.Errorf("the cookie file cannot be read: %w", err)
	}
	c.cookie = strings.TrimSpace(string(b))
	return c.cookie, nil
}

func (c *Client) post(ctx context.Context, credentials string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("the address %q of the node is not one: %w", c.cfg.Address, err)
	}
	user, password, _ := strings.Cut(credentials, ":")
	req.SetBasicAuth(user, password)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the node's answer broke off: %w", err)
	case len(b) > maxAnswer:
		return nil, fmt.Errorf("the node's answer is larger than %d bytes", maxAnswer)
	}
	if isJSON := resp.Header.Get("Content-Type") == "application/json"; isJSON {
		return b, nil
	}
	text := strings.TrimSpace(string(b[:min(len(b), 200)]))
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return nil, fmt.Errorf("%w (%s). Give --rpc.user and --rpc.password as the node has them, or let the cookie file in its data folder be read", ErrRefused, c.cfg.Address)
	case http.StatusServiceUnavailable:
		return nil, fmt.Errorf("%w (%s): %s. Try again", ErrBusy, c.cfg.Address, text)
	}
	return nil, fmt.Errorf("%s answers %s: %s. Is that a node's RPC address?", c.cfg.Address, resp.Status, text)
}

// explain turns an error of the transport into a sentence.
func (c *Client) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var dial *net.OpError
	var urlErr *url.Error
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return fmt.Errorf("%w at %s: start one with 'orrery node', or name the data folder of the running one with --node.data_dir", ErrNotRunning, c.cfg.Address)
	case errors.As(err, &urlErr) && urlErr.Timeout():
		return fmt.Errorf("the node at %s did not answer within %v", c.cfg.Address, c.cfg.Timeout)
	case errors.As(err, &urlErr):
		err = urlErr.Err // without the URL around it
	}
	return fmt.Errorf("the connection to the node at %s broke: %w", c.cfg.Address, err)
}
