package peering

// bucket lets things through at a rate, and a burst at once. It holds the time
// up to which all of the rate is used up.
type bucket struct{ used int64 }

// take uses n of what refills by one every so many nanoseconds, up to burst.
func (b *bucket) take(now, n, every, burst int64) bool {
	used := max(b.used, now-burst*every) + n*every
	if used > now {
		return false
	}
	b.used = used
	return true
}

// keyed are buckets of sources, which anybody may invent: at most limit, and
// the one that was used least comes out first.
type keyed struct {
	limit   int
	sources []source // in order of their first use
}

type source struct {
	key    string
	bucket bucket
	count  int // of what was left out, or happened
}

// of returns the bucket of a source.
func (k *keyed) of(key string) *source {
	oldest := 0
	for i := range k.sources {
		if k.sources[i].key == key {
			return &k.sources[i]
		}
		if k.sources[i].bucket.used < k.sources[oldest].bucket.used {
			oldest = i
		}
	}
	if len(k.sources) < k.limit {
		k.sources = append(k.sources, source{key: key})
		return &k.sources[len(k.sources)-1]
	}
	k.sources[oldest] = source{key: key}
	return &k.sources[oldest]
}
