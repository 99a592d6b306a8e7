package daemon

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// portsToTry is how far the next free port is looked for.
const portsToTry = 100

// wsaAddrInUse is Windows' word for EADDRINUSE (WSAEADDRINUSE).
const wsaAddrInUse = syscall.Errno(10048)

// listen takes address for what ("RPC"), as the setting key says. A taken port
// is an error when the user asked for this very one; else the next free one is
// taken, and note says so.
func listen(what, key, address string, exact bool) (l net.Listener, note string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", fmt.Errorf("%s %q: %w; write it as HOST:PORT", key, address, err)
	}
	first, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, "", fmt.Errorf("%s %q: the port is not a number from 0 to 65535; write it as HOST:PORT", key, address)
	}
	last := min(first+portsToTry, 1<<16) - 1
	for p := first; p <= last; p++ {
		l, err = net.Listen("tcp", net.JoinHostPort(host, strconv.FormatUint(p, 10)))
		switch {
		case err == nil && p != first:
			return l, fmt.Sprintf("%s port %d is taken, using %d", what, first, p), nil
		case err == nil:
			return l, "", nil
		case !taken(err):
			return nil, "", fmt.Errorf("%s cannot listen on %s: %w; choose another with --%s HOST:PORT", what, address, bare(err), key)
		case exact:
			return nil, "", fmt.Errorf("%s port %s is taken by another program; choose another with --%s HOST:PORT", what, port, key)
		}
	}
	return nil, "", fmt.Errorf("%s ports %d to %d are all taken; choose another with --%s HOST:PORT", what, first, last, key)
}

func taken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddrInUse) }

// bare leaves out what the sentence around an error says already.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
