//go:build race

package peers

// flooders are fewer with the race detector, which makes each ten times slower.
const flooders = 10
