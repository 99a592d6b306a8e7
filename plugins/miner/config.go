package miner

// Config says how hard the miner works.
type Config struct {
	Enabled bool // mine from the start; SetGenerate changes it later
	Threads int  // goroutines that hash; 0: one a core
	// MaxHashrate is the limit of all threads together in hashes per second;
	// 0 is none.
	MaxHashrate int64
}

// maxThreads is far more than a machine has cores: more threads would only
// take memory.
const maxThreads = 1024
