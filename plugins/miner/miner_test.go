package miner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/node"
)

func TestMines(t *testing.T) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, easy)
		m, log, stop := w.run(Config{Enabled: true, Threads: 2, MaxHashrate: 4})
		time.Sleep(time.Minute)
		stop()
		if w.height() < 80 || w.stale > 0 || int(w.height()) != len(w.blocks) {
			t.Errorf("height %d of %d blocks, %d stale", w.height(), len(w.blocks), w.stale)
		}
		for i, b := range w.blocks { // a template is a second old at most, and later than its parents
			if at := int64(b.Header.Time); at < w.times[i]-1 || at > w.times[i] && i > 40 {
				t.Errorf("block %d has time %d and was found at %d", i, at, w.times[i])
			}
		}
		if len(log.seen) > 0 || m.Status().Err != nil {
			t.Error(log.seen, m.Status().Err)
		}
	})
}

// As fast as it can, with real time.
func TestMinesWithoutLimit(t *testing.T) {
	w := newWorld(t, 0x1f7fffff) // some 500 hashes
	_, _, stop := w.run(Config{Enabled: true, Threads: 2})
	for w.height() < 20 {
		runtime.Gosched()
	}
	stop()
	if w.stale > 0 {
		t.Errorf("%d blocks on a tip that was left", w.stale)
	}
}

// A new tip is worked on at once, not when the template is old.
func TestNewTip(t *testing.T) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, easy)
		w.deaf = true // what it finds does not count
		w.offset += 50 * 600 * time.Second
		_, _, stop := w.run(Config{Enabled: true, Threads: 1, MaxHashrate: 1})
		tip := w.Genesis()
		for i := range 50 {
			synctest.Wait()
			for len(w.asked) > 0 {
				<-w.asked
			}
			tip = w.Block(fmt.Sprint("other", i), tip)
			before := time.Now()
			w.other(tip)
			if got := <-w.asked; got != tip.Hash() {
				t.Errorf("it works on %v after block %d", got, i)
			}
			if gone := time.Since(before); gone > 0 {
				t.Errorf("it took %v to take notice", gone)
			}
		}
		stop()
		if w.stale > 0 {
			t.Errorf("%d blocks on a tip that was left", w.stale)
		}
	})
}

// A thread that never rests takes notice as well: each of many tips, in less
// time than their templates would last.
func TestNewTipWithoutLimit(t *testing.T) {
	w := newWorld(t, impossible)
	_, _, stop := w.run(Config{Enabled: true, Threads: 2})
	begin := time.Now()
	const tips = 200
	for range tips {
		<-w.asked
		w.set(func() {
			close(w.changed)
			w.changed = make(chan struct{})
		})
	}
	stop()
	if gone := time.Since(begin); gone > tips*refreshAfter/2 {
		t.Errorf("%d tips took %v", tips, gone)
	}
}

// What is found for a tip that has gone meanwhile is not offered.
func TestFoundTooLate(t *testing.T) {
	w := newWorld(t, easy)
	w.set(func() { close(w.changed) }) // gone before it began
	_, _, stop := w.run(Config{Enabled: true, Threads: 2})
	for range 20 {
		<-w.asked
	}
	stop()
	if n := w.offered(); n > 0 {
		t.Errorf("%d blocks were offered", n)
	}
}

func TestSetGenerate(t *testing.T) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, easy)
		m, _, stop := w.run(Config{Threads: 2, MaxHashrate: 100})
		idle := func(when string) {
			t.Helper()
			synctest.Wait()
			before := w.offered()
			time.Sleep(10 * time.Second)
			if s := m.Status(); s.Enabled || s.Hashrate != 0 || s.Err != nil || w.offered() != before {
				t.Errorf("%s: %+v, %d blocks", when, s, w.offered()-before)
			}
		}
		busy := func(when string, threads int) {
			t.Helper()
			before := w.offered()
			time.Sleep(10 * time.Second)
			s := m.Status()
			if !s.Enabled || s.Threads != threads || len(m.paces) != threads || w.offered()-before < 100 {
				t.Errorf("%s: %+v, %d workers, %d blocks", when, s, len(m.paces), w.offered()-before)
			}
			if s.Hashrate < 80 || s.Hashrate > 120 {
				t.Errorf("%s: %f hashes/s", when, s.Hashrate)
			}
		}
		idle("at first")
		m.SetGenerate(true, 0)
		busy("on", 2)
		m.SetGenerate(true, 5)
		busy("more threads", 5)
		m.SetGenerate(false, 1)
		idle("off")
		m.SetGenerate(true, -1)
		busy("on again", 1)
		stop()
	})
}

func TestThreads(t *testing.T) {
	for want, have := range map[int]int{3: 3, runtime.GOMAXPROCS(0): 0, maxThreads: 1 << 40} {
		if got := New(Config{Threads: have}, nil, slog.Default()).Status().Threads; got != want {
			t.Errorf("%d threads from %d, want %d", got, have, want)
		}
	}
	m := New(Config{Threads: 1}, nil, slog.Default())
	if m.SetGenerate(true, 1<<40); m.Status().Threads != maxThreads {
		t.Errorf("%d threads", m.Status().Threads)
	}
}

// The limit holds however hard the blocks are, and however often the tip
// changes.
func TestRate(t *testing.T) {
	for _, threads := range []int{1, 3} {
		for _, limit := range []int64{5, 1000, 100_000} {
			for _, bits := range []uint32{easy, 0x1f7fffff, impossible} {
				if bits == easy && limit > 1000 {
					continue // half a million blocks
				}
				if testing.Short() && limit > 1000 {
					continue // a million hashes
				}
				for _, others := range []bool{false, true} {
					name := fmt.Sprintf("%d threads %d/s bits %x others %v", threads, limit, bits, others)
					t.Run(name, func(t *testing.T) { testRate(t, threads, limit, bits, others) })
				}
			}
		}
	}
}

func testRate(t *testing.T, threads int, limit int64, bits uint32, others bool) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, bits)
		w.set(func() { w.deaf = true })
		m, _, stop := w.run(Config{Enabled: true, Threads: threads, MaxHashrate: limit})
		const span = 10 // seconds
		for range span * 20 {
			time.Sleep(time.Second / 20)
			if others {
				w.set(func() {
					close(w.changed)
					w.changed = make(chan struct{})
				})
			}
		}
		synctest.Wait()
		rate := m.Status().Hashrate
		stop()
		total := float64(m.meter.total.Load())
		// The first hash of each thread comes without a wait.
		if want := float64(limit * span); total < 0.9*want || total > 1.1*want+float64(threads) {
			t.Errorf("%.0f hashes in %d s, want %.0f", total, span, want)
		}
		if rate < 0.8*float64(limit) || rate > 1.2*float64(limit)+float64(threads) {
			t.Errorf("the rate is said to be %f", rate)
		}
	})
}

// Even when nothing changes, clock and tip included, no header is tried twice.
func TestHeadersDiffer(t *testing.T) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, easy)
		w.set(func() { w.deaf = true })
		w.offset -= 1800 * time.Second // so early that the time is the least possible for all
		w.offset -= 1810 * time.Second
		_, _, stop := w.run(Config{Enabled: true, Threads: 3, MaxHashrate: 100})
		time.Sleep(10 * time.Second)
		stop()
		seen := map[chainhash.Hash]bool{}
		times := map[uint32]bool{}
		for _, b := range w.blocks {
			if seen[b.Hash()] {
				t.Error("a header came twice")
			}
			seen[b.Hash()] = true
			times[b.Header.Time] = true
		}
		if len(seen) < 100 || len(times) != 1 {
			t.Errorf("%d headers with %d times: the test tests too little", len(seen), len(times))
		}
	})
}

// A clock behind the chain: first within bounds, then waiting for its time.
func TestClockBehind(t *testing.T) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, easy)
		genesis := w.Genesis().Header.Time
		behind := time.Duration(w.Params.MaxFutureTime+60) * time.Second
		w.offset = time.Until(time.Unix(int64(genesis), 0).Add(-behind))
		m, log, stop := w.run(Config{Enabled: true, Threads: 1, MaxHashrate: 10})
		time.Sleep(30 * time.Second)
		if err := m.Status().Err; err == nil || w.offered() > 0 {
			t.Errorf("%d blocks, status %v", w.offered(), err)
		}
		time.Sleep(60 * time.Second)
		if err := m.Status().Err; err != nil && w.offered() == 0 {
			t.Errorf("%d blocks, status %v", w.offered(), err)
		}
		stop()
		if n := log.count("mining waits"); n < 1 || n > 40 {
			t.Errorf("it said %d times that it waits", n)
		}
		if w.height() == 0 || int(w.height()) != len(w.blocks) {
			t.Errorf("height %d after %d blocks", w.height(), len(w.blocks))
		}
	})
}

func TestTemplateError(t *testing.T) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, easy)
		fault := errors.New("nobody to pay")
		w.set(func() { w.templateErr = fault })
		m, log, stop := w.run(Config{Enabled: true, Threads: 1, MaxHashrate: 10})
		for round := 1; round <= 3; round++ {
			w.set(func() { w.templateErr = fault })
			time.Sleep(10 * time.Second)
			if !errors.Is(m.Status().Err, fault) || log.count("mining waits") != round {
				t.Errorf("status %v, logged %d times", m.Status().Err, log.count("mining waits"))
			}
			w.set(func() { w.templateErr = nil })
			before := w.offered()
			time.Sleep(10 * time.Second)
			if m.Status().Err != nil || w.offered()-before < 10 {
				t.Errorf("status %v, %d blocks", m.Status().Err, w.offered()-before)
			}
		}
		stop()
	})
}

// A template that takes long to make is kept for longer, so that the time goes
// to the search.
func TestSlowTemplates(t *testing.T) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, impossible)
		w.slow = 500 * time.Millisecond
		_, _, stop := w.run(Config{Enabled: true, Threads: 1, MaxHashrate: 10})
		time.Sleep(time.Minute)
		stop()
		if w.templates < 5 || w.templates > 6 {
			t.Errorf("%d templates", w.templates)
		}
	})
}

// A node that refuses our blocks is not flooded with them, nor the log.
func TestRefusedBlocks(t *testing.T) {
	virtual(t, func(t *testing.T) {
		w := newWorld(t, easy)
		m, log, stop := w.run(Config{Enabled: true, Threads: 1, MaxHashrate: 10_000})
		for round := 1; round <= 2; round++ {
			w.set(func() { w.submitErr = consensus.BadCoinbaseAmount })
			before := w.offered()
			time.Sleep(30 * time.Second)
			if n := w.offered() - before; n < 20 || n > 32 {
				t.Errorf("%d blocks were offered in 30 s", n)
			}
			if n := log.count("mined block refused"); n != round || !errors.Is(m.Status().Err, consensus.BadCoinbaseAmount) {
				t.Errorf("logged %d times, status %v", n, m.Status().Err)
			}
			w.set(func() { w.submitErr = nil })
			time.Sleep(2 * time.Second)
			if err := m.Status().Err; err != nil {
				t.Errorf("status %v", err)
			}
		}
		// To be late is no fault.
		w.set(func() { w.submitErr = node.ErrInconclusive })
		before := w.offered()
		time.Sleep(time.Second)
		if n := w.offered() - before; n < 100 || m.Status().Err != nil {
			t.Errorf("%d blocks that came too late, status %v", n, m.Status().Err)
		}
		stop()
	})
}

// Whatever it is doing, it ends without any time passing.
func TestEndsAtOnce(t *testing.T) {
	fault := errors.New("no")
	for name, c := range map[string]struct {
		cfg Config
		set func(*world)
	}{
		"off":     {Config{Threads: 1}, func(*world) {}},
		"slow":    {Config{Enabled: true, Threads: 2, MaxHashrate: 1}, func(w *world) { w.deaf = true }},
		"waiting": {Config{Enabled: true, Threads: 1}, func(w *world) { w.templateErr = fault }},
		"refused": {Config{Enabled: true, Threads: 1}, func(w *world) { w.submitErr = fault }},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				w := newWorld(t, easy)
				c.set(w)
				_, _, stop := w.run(c.cfg)
				synctest.Wait()
				before := time.Now()
				stop()
				if gone := time.Since(before); gone > 0 {
					t.Errorf("it took %v", gone)
				}
			})
		})
	}
	t.Run("unlimited", func(t *testing.T) {
		w := newWorld(t, impossible)
		m, _, stop := w.run(Config{Enabled: true, Threads: 2})
		<-w.asked
		for m.meter.total.Load() == 0 {
			runtime.Gosched()
		}
		stop()
	})
	t.Run("before it begins", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ready := false
		if err := New(Config{Enabled: true}, newWorld(t, easy), slog.Default()).Run(ctx, func() { ready = true }); err != nil || !ready {
			t.Error(err, ready)
		}
	})
}

func TestMeter(t *testing.T) {
	var m meter
	at := time.Unix(1000, 0)
	if r := m.rate(at); r != 0 {
		t.Errorf("%f before anything", r)
	}
	for second := range 20 {
		m.note(at)
		m.note(at.Add(time.Millisecond)) // too soon to count
		if len(m.marks) > 7 {
			t.Fatalf("%d marks", len(m.marks))
		}
		n := uint64(100)
		if second >= 10 {
			n = 300
		}
		m.add(n)
		at = at.Add(time.Second)
		want := 100.0
		if second >= 15 {
			want = 300
		}
		if r := m.rate(at); second < 10 && r != want || second >= 15 && r != want {
			t.Errorf("second %d: %f, want %f", second, r, want)
		}
	}
	m.rest()
	if r := m.rate(at); r != 0 {
		t.Errorf("%f at rest", r)
	}
	m.note(at)
	m.add(10)
	if r := m.rate(at.Add(time.Millisecond)); r != 10 {
		t.Errorf("%f in the first moment", r)
	}
}

// BenchmarkSearch is the work of one thread, template and meter included.
func BenchmarkSearch(b *testing.B) {
	w := newWorld(b, impossible)
	m := New(Config{Enabled: true, Threads: 1}, w, slog.New(slog.DiscardHandler))
	t, _, err := w.Template(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), 50*time.Millisecond)
		x := worker{m: m, t: t, pace: newPaces(Config{Threads: 1})[0]}
		x.run(ctx, make(chan *consensus.Block, 1))
		cancel()
	}
	b.ReportMetric(float64(m.meter.total.Load())/b.Elapsed().Seconds(), "hashes/s")
}
