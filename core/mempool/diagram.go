package mempool

import (
	"slices"
)

// diagram is a fee-rate diagram: the points that the sums of the best chunks
// reach, by rising size, without the origin.
type diagram []Frac

// newDiagram sorts chunks of any number of clusters by falling rate.
func newDiagram(chunks []Chunk) diagram {
	d := make(diagram, len(chunks))
	for i, c := range chunks {
		d[i] = c.Frac
	}
	slices.SortStableFunc(d, func(a, b Frac) int { return b.Compare(a) })
	var sum Frac
	for i := range d {
		sum = sum.plus(d[i])
		d[i] = sum
	}
	return d
}

// improves reports whether d is nowhere below old and somewhere above it: a
// miner earns more whatever room a block has (Core: CompareChunks).
func (d diagram) improves(old diagram) bool {
	better := false
	for _, p := range old {
		switch c := d.compareAt(p); {
		case c < 0:
			return false
		case c > 0:
			better = true
		}
	}
	for _, p := range d {
		switch c := old.compareAt(p); {
		case c > 0:
			return false
		case c < 0:
			better = true
		}
	}
	return better
}

// compareAt compares the fee of d at the size of p with that of p: d goes in
// straight lines from point to point, and level after the last.
func (d diagram) compareAt(p Frac) int {
	var from Frac
	for _, to := range d {
		if p.Size <= to.Size {
			step := to.minus(from)
			// from.Fee + step.Fee*(p.Size-from.Size)/step.Size against p.Fee
			return compareProducts(step.Fee, p.Size-from.Size, p.Fee-from.Fee, step.Size)
		}
		from = to
	}
	return Frac{from.Fee, 1}.Compare(Frac{p.Fee, 1})
}
