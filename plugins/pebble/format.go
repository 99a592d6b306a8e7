package pebble

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The format file says what the folder is, so that a foreign folder or one of
// a newer version is refused before anything in it is touched. It is written
// last when a store is made: while it is missing, nothing was ever kept.
const (
	formatFile    = "FORMAT"
	newFormatFile = "FORMAT.new" // a store is being made
	lockFile      = "LOCK"

	formatPrefix = "orrery chain store, format "
	// format numbers the keys and values. Add one for every change that an
	// older version would misread.
	format = 1

	maxFormatSize = 64 // bytes; a longer file is none of ours
)

// state is what a folder is, as far as one can tell without touching it.
type state int

const (
	stateNew      state = iota // missing, empty, or never finished
	stateExisting              // a store
)

// inspect looks at the folder and changes nothing.
func inspect(fsys vfs.FS, dir string) (state, error) {
	info, err := fsys.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return stateNew, nil
	}
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a folder")
	}
	if err != nil {
		return 0, &Error{Kind: ErrAccess, Path: dir, Doing: "open", Err: err}
	}
	names, err := fsys.List(dir)
	if err != nil {
		return 0, &Error{Kind: ErrAccess, Path: dir, Doing: "open", Err: err}
	}
	if slices.Contains(names, formatFile) {
		return stateExisting, checkFormat(fsys, fsys.PathJoin(dir, formatFile))
	}
	if slices.Contains(names, newFormatFile) {
		return stateNew, nil
	}
	for _, name := range names {
		if name != lockFile {
			return 0, &Error{Kind: ErrForeign, Path: dir, Doing: "open", Err: fmt.Errorf("it has files, such as %s, and no %s", name, formatFile)}
		}
	}
	return stateNew, nil
}

// Exists reports whether dir holds a store that was made to the end. It changes
// nothing; a folder that Open would refuse by its names or format is an error.
func Exists(dir string) (bool, error) {
	state, err := inspect(vfs.Default, dir)
	return state == stateExisting && err == nil, err
}

func checkFormat(fsys vfs.FS, file string) error {
	f, err := fsys.Open(file)
	if err != nil {
		return &Error{Kind: ErrAccess, Path: file, Doing: "open", Err: err}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFormatSize))
	if err != nil {
		return &Error{Kind: ErrAccess, Path: file, Doing: "open", Err: err}
	}
	number, ok := strings.CutPrefix(string(text), formatPrefix)
	var n uint32
	if ok {
		_, err = fmt.Sscanf(number, "%d\n", &n)
	}
	if !ok || err != nil || n == 0 || string(text) != formatText(n) {
		return &Error{Kind: ErrDamaged, Path: file, Doing: "open", Err: fmt.Errorf("it should say %q", formatText(format))}
	}
	if n > format {
		return &Error{Kind: ErrNewer, Path: file, Doing: "open", Err: fmt.Errorf("it has format %d, this version reads up to %d", n, format)}
	}
	return nil
}

func formatText(n uint32) string { return fmt.Sprintf("%s%d\n", formatPrefix, n) }

// announce marks the folder as a store in the making.
func announce(fsys vfs.FS, dir string) error {
	f, err := fsys.Create(fsys.PathJoin(dir, newFormatFile), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(formatText(format)))
	if err := firstError(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(fsys, dir)
}

// finish makes the store in the making one that is never made anew.
func finish(fsys vfs.FS, dir string) error {
	if err := fsys.Rename(fsys.PathJoin(dir, newFormatFile), fsys.PathJoin(dir, formatFile)); err != nil {
		return err
	}
	return syncDir(fsys, dir)
}

// pebbleFiles are the names that Pebble gives to files.
var pebbleFiles = []string{"*.log", "*.sst", "*.blob", "*.dbtmp", "MANIFEST-*", "OPTIONS-*", "marker.*"}

// clear removes what an interrupted making has left of Pebble, and nothing
// else.
func clear(fsys vfs.FS, dir string) error {
	names, err := fsys.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		for _, pattern := range pebbleFiles {
			if ok, _ := path.Match(pattern, name); !ok { // the patterns are well-formed
				continue
			}
			if err := fsys.Remove(fsys.PathJoin(dir, name)); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

func syncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return firstError(d.Sync(), d.Close())
}
