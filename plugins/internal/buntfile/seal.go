package buntfile

import (
	"fmt"
	"hash/crc32"
	"strconv"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// crcLen is how many hexadecimal digits end each value.
const crcLen = 8

// Seal makes a value of body and a checksum over key and body: BuntDB has none,
// and a flipped bit in either would go unseen.
func Seal(key string, body []byte) string {
	crc := crc32.Update(crc32.Checksum([]byte(key), castagnoli), castagnoli, body)
	return string(AppendHex(append(body, ' '), crc))
}

// Unseal checks a value and returns its body. The error is ErrDamaged.
func Unseal(key, value string) (body string, err error) {
	cut := len(value) - crcLen - 1
	if cut < 0 || value != Seal(key, []byte(value[:cut])) {
		return "", fmt.Errorf("%w: record %q", ErrDamaged, key)
	}
	return value[:cut], nil
}

// Sum is the checksum of a sealed value, to be added up over all records.
func Sum(value string) uint64 {
	n, err := strconv.ParseUint(value[len(value)-crcLen:], 16, 32)
	if err != nil {
		panic(err) // it was sealed or unsealed before
	}
	return n
}

// AppendHex writes eight digits, so that texts sort as numbers do.
func AppendHex(b []byte, n uint32) []byte {
	const digits = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, digits[n>>shift&15])
	}
	return b
}
