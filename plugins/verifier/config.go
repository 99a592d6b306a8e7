package verifier

import "runtime"

// Config sets the size of a Verifier.
type Config struct {
	Workers int // goroutines that run scripts at once; 0: one a core
}

const (
	// maxWorkers bounds Config.Workers; beyond it goroutines only wait.
	maxWorkers = 256
	// inlineInputs is up to how many inputs are run without goroutines: one
	// takes about as long as it takes to wake a goroutine a few times.
	inlineInputs = 3
	// maxScripts transactions are remembered as valid: several blocks of
	// them, at about 100 bytes each.
	maxScripts = 32_768
	// maxSignatures are remembered as valid. Each keeps the scripts of its
	// transaction in memory: at most maxSignatures × maxSigCachedSize bytes.
	maxSignatures = 16_384
	// maxSigCachedSize is up to which size in bytes a transaction's
	// signatures are remembered.
	maxSigCachedSize = 2_000
)

func (c Config) workers() int {
	if c.Workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return min(c.Workers, maxWorkers)
}
