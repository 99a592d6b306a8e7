package rpc

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// inParts splits 0…n-1 into parts of a size and has every processor work on
// them. It returns when all is done; after an error no part is begun.
func inParts(n, size int, work func(part, from, to int) error) error {
	parts := (n + size - 1) / size
	workers := min(runtime.GOMAXPROCS(0), parts)
	errs := make([]error, workers)
	var next atomic.Int64
	var failed atomic.Bool
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for !failed.Load() {
				k := int(next.Add(1)) - 1
				if k >= parts {
					return
				}
				if errs[w] = work(k, k*size, min((k+1)*size, n)); errs[w] != nil {
					failed.Store(true)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
