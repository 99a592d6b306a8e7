package rpc

import "testing"

// BenchmarkGetBlock: a block of 2,000 transactions. The aim is 15 ms for
// verbosity 2.
func BenchmarkGetBlock(b *testing.B) {
	r := newRig(b, 1)
	hash := r.node.BigBlock(b, 2000).Hash().String()
	reply := newReply()
	for name, params := range map[string]string{"0": `["` + hash + `",0]`, "1": `["` + hash + `",1]`, "2": `["` + hash + `",2]`, "3": `["` + hash + `",3]`} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.run(reply, "getblock", params)
			}
			b.SetBytes(int64(reply.Len()))
		})
	}
}

// BenchmarkWalkBlock asks for each transaction of a block of 2,000.
func BenchmarkWalkBlock(b *testing.B) {
	r := newRig(b, 1)
	block := r.node.BigBlock(b, 2000)
	reply := newReply()
	for b.Loop() {
		for _, tx := range block.Txs {
			r.run(reply, "getrawtransaction", `["`+tx.ID().String()+`",2]`)
		}
	}
}

// BenchmarkTemplate: 5,000 transactions in the mempool. The aim is 20 ms.
func BenchmarkTemplate(b *testing.B) {
	r := newRig(b, 1)
	r.node.FillMempool(b, 5000)
	reply := newReply()
	for b.Loop() {
		r.nodes.templates.kept = nil // so that it is made anew
		r.run(reply, "getblocktemplate", `[{"rules":["segwit"]}]`)
	}
}

// BenchmarkGenerate mines 1,000 blocks on a memory store. The aim is 250 ms,
// with a disk.
func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		r := newRig(b, 100)
		reply := newReply()
		b.StartTimer()
		r.run(reply, "generatetoaddress", `[1000,"`+exampleAddress+`"]`)
	}
}

// BenchmarkBlockCountMethod is the method alone.
func BenchmarkBlockCountMethod(b *testing.B) {
	r := newRig(b, 100)
	reply := newReply()
	for b.Loop() {
		r.run(reply, "getblockcount", `[]`)
	}
}
