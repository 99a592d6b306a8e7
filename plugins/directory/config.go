package directory

// Config says where the table lives.
type Config struct {
	Path    string // of the BuntDB file
	Network [32]byte
}
