package payment

import (
	"iter"
	"math"

	"github.com/btcsuite/btcd/wire/v2"
)

// Coin is a P2PKH or P2WPKH output that can be spent.
type Coin struct {
	Outpoint wire.OutPoint
	Value    int64 // satoshi
	Script   []byte
}

// Coins yields the coins of at most value satoshi, largest first.
type Coins func(atMost int64) iter.Seq[Coin]

const (
	// maxPool bounds the coins that the search for an exact match looks at.
	maxPool = 1000
	// maxTries bounds its steps: about 50 microseconds.
	maxTries = 10_000
)

// effective is what a coin brings after paying for its own input.
func effective(c Coin, rate int64) int64 {
	return c.Value - Fee(int64(inputWeight(c.Script)+3)/4, rate)
}

// exact looks for coins whose effective values sum up to between target and
// target + window, so that no change is needed; nil when it finds none.
func exact(coins Coins, rate, target, window int64) []Coin {
	most := Fee(weightP2PKH/4, rate)
	if target > math.MaxInt64-window-most {
		return nil
	}
	var pool []Coin
	var values []int64
	visited := 0
	for c := range coins(target + window + most) {
		if visited++; visited > maxPool {
			break
		}
		if v := effective(c, rate); v > 0 && v <= target+window {
			// Two kinds of inputs can put effective values out of order.
			i := len(values)
			for i > 0 && values[i-1] < v {
				i--
			}
			values = append(values, 0)
			copy(values[i+1:], values[i:])
			values[i] = v
			pool = append(pool, Coin{})
			copy(pool[i+1:], pool[i:])
			pool[i] = c
		}
	}
	var picked []Coin
	for _, i := range branchAndBound(values, target, window) {
		picked = append(picked, pool[i])
	}
	return picked
}

// branchAndBound returns the indexes of the values, which are sorted from the
// largest, whose sum exceeds target least, by at most window. It walks the
// tree of "with or without this value", leaves branches that cannot reach the
// target or went beyond it, and gives up after maxTries steps with the best so
// far.
func branchAndBound(values []int64, target, window int64) []int {
	rest := make([]int64, len(values)+1) // sums of values[i:]
	for i := len(values) - 1; i >= 0; i-- {
		rest[i] = rest[i+1] + values[i]
	}
	var best, picked []int
	bestExcess := window + 1
	sum, next := int64(0), 0
	for range maxTries {
		switch {
		case sum >= target && sum-target < bestExcess:
			bestExcess, best = sum-target, append(best[:0], picked...)
			if bestExcess == 0 {
				return best
			}
			fallthrough
		case sum+rest[next] < target || sum >= target:
			if len(picked) == 0 {
				return best
			}
			last := picked[len(picked)-1]
			picked = picked[:len(picked)-1]
			sum -= values[last]
			next = last + 1
		case next > 0 && values[next] == values[next-1] && (len(picked) == 0 || picked[len(picked)-1] != next-1):
			next++ // leaving out its twin gave the same sums
		default:
			picked = append(picked, next)
			sum += values[next]
			next++
		}
	}
	return best
}

// largest takes coins from the largest on until their effective values reach
// the target. Coins that cost more than they hold are left out. It also tells
// the sum of the values of what it looked at, which is all when it fails.
func largest(coins Coins, rate, target int64) (picked []Coin, total int64, ok bool) {
	left := target
	weight := 0
	for c := range coins(math.MaxInt64) {
		total += c.Value
		v := effective(c, rate)
		if v <= 0 || weight > maxWeight {
			continue
		}
		picked = append(picked, c)
		weight += inputWeight(c.Script)
		if left -= v; left <= 0 {
			return picked, total, true
		}
	}
	return picked, total, false
}
