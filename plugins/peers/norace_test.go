//go:build !race

package peers

// flooders flood a node in TestFlood.
const flooders = 80
