package datadir

// syncFolder does nothing: Windows has no such operation, its file system
// journals renames.
func syncFolder(string) error { return nil }
