package pebble

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Config says where a store is.
type Config struct {
	// Dir is the folder, made when it is missing. Nothing else may be in it.
	Dir string
	// Logf gets what Pebble has to say about errors, from any goroutine; nil
	// drops it. It must not call the store.
	Logf func(format string, args ...any)

	fs vfs.FS // of tests; nil is the disk
}

// Sizes are chosen for a whole node below 100 MB. One memtable holds the
// commits of some thousand empty blocks, and is what a start after a crash
// replays; at most two exist. The block cache serves coins below the chain's
// own cache.
const (
	memTableSize  = 4 << 20 // bytes
	maxMemTables  = 2
	cacheSize     = 8 << 20                    // bytes
	maxManifest   = 1 << 20                    // bytes, then a new one is begun
	maxOpenFiles  = 64                         // descriptors; a node may be limited to 256 in all
	bloomBits     = 10                         // bits a key: one useless read in a hundred
	formatVersion = pebble.FormatTableFormatV6 // raise format with it
)

// options compress nothing: most bytes are hashes, keys and signatures, and
// cold coins are read a fifth faster. They never name FormatNewest: a newer
// Pebble must not change the files without our saying so. The format has the
// log chunks that tell a damaged record from the torn end of a crash
// (FormatWALSyncChunks).
func options(fs vfs.FS, lock *pebble.Lock, logger pebble.Logger, events *pebble.EventListener) *pebble.Options {
	o := &pebble.Options{
		FS:                          fs,
		Lock:                        lock,
		Logger:                      logger,
		EventListener:               events,
		FormatMajorVersion:          formatVersion,
		CacheSize:                   cacheSize,
		MemTableSize:                memTableSize,
		MemTableStopWritesThreshold: maxMemTables,
		MaxManifestFileSize:         maxManifest,
		MaxOpenFiles:                maxOpenFiles,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, 1 },
	}
	o.Experimental.FileCacheShards = 1
	for i := range o.Levels {
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	return o
}
