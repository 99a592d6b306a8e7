package peerstore

// Config says where the records live.
type Config struct {
	Path string // of the BuntDB file
}
