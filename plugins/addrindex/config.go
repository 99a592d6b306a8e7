package addrindex

// Config says where the index lives.
type Config struct {
	Path string // of the BuntDB file
}
