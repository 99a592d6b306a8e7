//go:build !unix

package peers

// maxConns is want: this system bounds memory, not the number of files.
func maxConns(want int) int { return want }
