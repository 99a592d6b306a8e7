package protocol

import (
	"testing"

	"orrery/core/consensus"
)

// BenchmarkBlocks writes and reads what a first sync consists of: 16 blocks
// with nothing but their coinbase.
func BenchmarkBlocks(b *testing.B) {
	r := &Blocks{}
	for range MaxBlocks {
		r.Blocks = append(r.Blocks, consensus.NewBlock(consensus.Header{}, []*consensus.Tx{exampleTx()}))
	}
	var text []byte
	b.ReportAllocs()
	for range b.N {
		text = AppendAnswer(text[:0], []byte("1"), r, nil)
		f, err := ParseFrame(text)
		if err == nil {
			_, err = DecodeResponse(methodGetBlocks, f.Result)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*MaxBlocks), "ns/block")
}

// BenchmarkHeaders does the same with 2,000 headers.
func BenchmarkHeaders(b *testing.B) {
	r := &Headers{Headers: make([]consensus.Header, MaxHeaders)}
	var text []byte
	for range b.N {
		text = AppendAnswer(text[:0], []byte("1"), r, nil)
		f, err := ParseFrame(text)
		if err == nil {
			_, err = DecodeResponse(methodGetHeaders, f.Result)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(text)))
}
