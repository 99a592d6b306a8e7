//go:build unix

package peers

import "syscall"

// maxConns is want, or less when the process may open few files.
func maxConns(want int) int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return want
	}
	if most := uint64(l.Cur) / descriptorShare; most < uint64(want) { // #nosec G115 -- check saw that want is positive
		return max(1, int(most)) // #nosec G115 -- below want
	}
	return want
}
