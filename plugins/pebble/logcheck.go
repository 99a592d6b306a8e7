package pebble

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Pebble takes a bad chunk of its log for the torn end of a crash, unless a
// chunk in a later block of 32 KiB says that the place had been synced. Commits
// of empty blocks are small, so dozens that were acknowledged would be dropped
// without a word. Here every later chunk is asked, also in the same block. What
// was written after the last sync is told from a torn end by nobody.

// A log is a row of blocks, and a block one of chunks (Pebble: record/record.go,
// the WAL sync format): CRC 4 | length 2 | type 1 | log number 4 | synced offset
// 8 | payload, in little endian. The CRC is of what follows it. A chunk has the
// offset up to which the log had been synced when the chunk was made.
const (
	logBlock    = 32 << 10
	chunkHeader = 19
	firstType   = 9 // of the four types of this format
	lastType    = 12
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunkAt returns the length of the chunk that begins a part of a block, and its
// synced offset; ok is false when there is no whole chunk of this log.
func chunkAt(b []byte, number uint32) (length int, synced uint64, ok bool) {
	if len(b) < chunkHeader || b[6] < firstType || b[6] > lastType || binary.LittleEndian.Uint32(b[7:]) != number {
		return 0, 0, false
	}
	length = chunkHeader + int(binary.LittleEndian.Uint16(b[4:]))
	if length > len(b) {
		return 0, 0, false
	}
	sum := crc32.Checksum(b[6:length], castagnoli)
	if (sum>>15|sum<<17)+0xa282ead8 != binary.LittleEndian.Uint32(b) {
		return 0, 0, false
	}
	return length, binary.LittleEndian.Uint64(b[11:]), true
}

var errSyncedChunk = errors.New("a commit that was on the disk is not what it was")

// checkLog fails with errSyncedChunk when a chunk that had been synced is not whole.
func checkLog(r io.Reader, number uint32) error {
	block := make([]byte, logBlock)
	bad, found := uint64(0), false // where the first chunk that is not whole begins
	for base := uint64(0); ; base += logBlock {
		n, err := io.ReadFull(r, block)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		for at := 0; at < n; {
			length, synced, ok := chunkAt(block[at:n], number)
			switch {
			case ok && found && synced > bad && synced <= base+uint64(at):
				return fmt.Errorf("%w, at byte %d", errSyncedChunk, bad)
			case ok:
				at += length
			case found:
				at++
			case n-at < chunkHeader: // no room for another chunk
				at = n
			default:
				bad, found = base+uint64(at), true
			}
		}
	}
}

// logSuffix ends the names of Pebble's logs.
const logSuffix = ".log"

// checkLogs looks through all logs of an existing store before Pebble does. It
// has at least one at any time.
func checkLogs(fsys vfs.FS, dir string) error {
	names, err := fsys.List(dir)
	if err != nil {
		return &Error{Kind: ErrAccess, Path: dir, Doing: "open", Err: err}
	}
	logs := 0
	for _, name := range names {
		digits, isLog := strings.CutSuffix(name, logSuffix)
		if !isLog {
			continue
		}
		logs++
		if number, err := strconv.ParseUint(digits, 10, 32); err == nil {
			if err := checkLogFile(fsys, fsys.PathJoin(dir, name), uint32(number)); err != nil {
				return err
			}
		}
	}
	if logs == 0 {
		return &Error{Kind: ErrDamaged, Path: dir, Doing: "open", Err: errors.New("its log file is missing")}
	}
	return nil
}

func checkLogFile(fsys vfs.FS, file string, number uint32) error {
	f, err := fsys.Open(file)
	if err != nil {
		return &Error{Kind: ErrAccess, Path: file, Doing: "open", Err: err}
	}
	defer f.Close() // it is only read
	err = checkLog(f, number)
	if errors.Is(err, errSyncedChunk) {
		return &Error{Kind: ErrDamaged, Path: file, Doing: "open", Err: err}
	} else if err != nil {
		return &Error{Kind: ErrAccess, Path: file, Doing: "read", Err: err}
	}
	return nil
}
