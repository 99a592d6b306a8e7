package wallets

import (
	"context"
	"fmt"
	"testing"

	"orrery/rpc/client"
)

// rich is a node whose default wallet has coins coins that can be spent.
func rich(b *testing.B, coins int) *rig {
	r := newRig(b)
	address := r.on("default").text("getnewaddress")
	for left := coins; left > 0; left -= 1000 {
		r.generate(min(left, 1000), address)
	}
	r.generate(maturity, nobody)
	return r
}

// BenchmarkSendToAddress pays through RPC, as one client or as several do. Each
// payment is on the disk when it is answered. A block now and then takes the
// payments, as on a running chain.
func BenchmarkSendToAddress(b *testing.B) {
	for _, clients := range []int{1, 4, 16} {
		b.Run(fmt.Sprint(clients, "clients"), func(b *testing.B) {
			r := rich(b, 2000)
			const perBlock = 2000
			b.ResetTimer()
			for done := 0; done < b.N; {
				n := min(b.N-done, perBlock)
				sendAll(r, clients, n)
				done += n
				b.StopTimer()
				r.generate(1, nobody)
				b.StartTimer()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
		})
	}
}

func sendAll(r *rig, clients, n int) {
	name := "default"
	jobs, done := make(chan struct{}, n), make(chan error, clients)
	for range n {
		jobs <- struct{}{}
	}
	close(jobs)
	for range clients {
		go func() {
			c := client.New(client.Config{Address: r.address, User: "user", Password: "password", Wallet: &name})
			defer c.Close()
			for range jobs {
				if err := c.Call(context.Background(), "sendtoaddress", []any{nobody, 0.01}, nil); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range clients {
		if err := <-done; err != nil {
			r.Fatal(err)
		}
	}
}

// BenchmarkBalance asks a wallet with many coins.
func BenchmarkBalance(b *testing.B) {
	r := rich(b, 2000)
	w := r.on("default")
	for b.Loop() {
		if err := w.client.Call(context.Background(), "getbalances", nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	w.client.Close()
}

// BenchmarkReorg1000Blocks disconnects and reconnects 1,000 blocks that pay to
// the wallet, until it has followed.
func BenchmarkReorg1000Blocks(b *testing.B) {
	r := rich(b, 1000)
	w := r.on("default")
	first := w.text("getblockhash", 1)
	for b.Loop() {
		for _, method := range []string{"invalidateblock", "reconsiderblock"} {
			for _, params := range [][]any{{method, first}, {"getbalance"}} {
				if err := w.client.Call(context.Background(), params[0].(string), params[1:], nil); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	w.client.Close()
}
