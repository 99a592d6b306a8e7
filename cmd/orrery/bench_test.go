package main

import (
	"sync"
	"testing"

	"orrery/cmd/internal/e2e"
)

// The benchmarks run the real program and talk to it as others do. Each
// iteration is the whole thing named.

const manyBlocks = 1000

// payee is a new address of the node's wallet.
func payee(b *testing.B, n *e2e.Node) (address string) {
	b.Helper()
	n.Must(&address, "getnewaddress")
	return address
}

// BenchmarkStart is from the start of the program to its first answer, with
// 1,000 blocks in its folder.
func BenchmarkStart(b *testing.B) {
	for name, clean := range map[string]bool{"clean": true, "killed": false} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			n := e2e.Start(b, dir)
			n.Must(nil, "generatetoaddress", manyBlocks, payee(b, n))
			if clean {
				n.Stop()
			} else {
				n.Kill()
			}
			for b.Loop() {
				n := e2e.Start(b, dir)
				n.Must(nil, "getblockcount")
				b.StopTimer()
				if clean {
					n.Stop()
				} else {
					n.Kill()
				}
				b.StartTimer()
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms")
		})
	}
}

// BenchmarkGenerate1000 makes 1,000 blocks that pay the wallet, durable when
// the call returns.
func BenchmarkGenerate1000(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		n := e2e.Start(b, b.TempDir())
		to := payee(b, n)
		b.StartTimer()
		n.Must(nil, "generatetoaddress", manyBlocks, to)
		b.StopTimer()
		n.Kill()
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms")
}

// BenchmarkDisconnect1000 leaves 1,000 blocks, wallet included.
func BenchmarkDisconnect1000(b *testing.B) { benchmarkReorg(b, true) }

// BenchmarkReconnect1000 takes them back.
func BenchmarkReconnect1000(b *testing.B) { benchmarkReorg(b, false) }

func benchmarkReorg(b *testing.B, disconnect bool) {
	n := e2e.Start(b, b.TempDir())
	n.Must(nil, "generatetoaddress", manyBlocks, payee(b, n))
	var first string
	n.Must(&first, "getblockhash", 1)
	for b.Loop() {
		if !disconnect {
			b.StopTimer()
		}
		n.Must(nil, "invalidateblock", first)
		n.Must(nil, "getbalances") // the wallet has followed
		if disconnect {
			b.StopTimer()
		} else {
			b.StartTimer()
		}
		n.Must(nil, "reconsiderblock", first)
		n.Must(nil, "getbalances")
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms")
	n.Stop()
}

// BenchmarkSendToAddress pays out of the node's wallet; each payment is durable
// when the call returns.
func BenchmarkSendToAddress(b *testing.B) {
	for name, clients := range map[string]int{"1": 1, "8": 8} {
		b.Run("clients="+name, func(b *testing.B) {
			n := e2e.Start(b, b.TempDir())
			n.Must(nil, "generatetoaddress", manyBlocks, payee(b, n))
			n.Must(nil, "getbalances")
			b.ResetTimer()
			concurrently(b, clients, func() error { return n.Call(nil, "sendtoaddress", nobody, 0.01) })
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
			b.StopTimer()
			n.Stop()
		})
	}
}

// BenchmarkGetBlockCount is over 16 connections that stay open; the client
// shares the machine.
func BenchmarkGetBlockCount(b *testing.B) {
	n := e2e.Start(b, b.TempDir())
	const connections = 16
	pipes := make(chan *e2e.Pipe, connections)
	for range connections {
		pipes <- n.NewPipe(b, `{"jsonrpc":"2.0","id":1,"method":"getblockcount","params":[]}`)
	}
	b.ResetTimer()
	var clients sync.WaitGroup
	for i := range connections {
		clients.Go(func() {
			p := <-pipes
			for range share(b.N, connections, i) {
				if err := p.Call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
	b.StopTimer()
	n.Stop()
}

// BenchmarkMemory1000 is what the node holds after 1,000 blocks to its wallet,
// and after a restart with them.
func BenchmarkMemory1000(b *testing.B) {
	var made, started int64
	for b.Loop() {
		dir := b.TempDir()
		n := e2e.Start(b, dir)
		n.Must(nil, "generatetoaddress", manyBlocks, payee(b, n))
		n.Must(nil, "getbalances")
		made = max(made, n.Memory(b))
		n.Stop()
		n = e2e.Start(b, dir)
		n.Must(nil, "getbalances")
		started = max(started, n.Memory(b))
		n.Stop()
	}
	b.ReportMetric(float64(made)/1e6, "MB")
	b.ReportMetric(float64(started)/1e6, "MB-restarted")
}

// concurrently spreads b.N calls over clients.
func concurrently(b *testing.B, clients int, call func() error) {
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() {
			for range share(b.N, clients, i) {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
}

// share is how many of n fall to the i-th of so many.
func share(n, of, i int) int {
	if i < n%of {
		return n/of + 1
	}
	return n / of
}
