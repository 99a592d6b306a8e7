package directory

import (
	"fmt"
	"slices"
	"testing"
)

// BenchmarkCheck is what one signature costs, for each kind of address.
func BenchmarkCheck(b *testing.B) {
	for i, kind := range []string{"P2PKH", "P2WPKH", "P2TR"} {
		c := claims(people[i], "shop", 0, people[i])
		b.Run(kind, func(b *testing.B) {
			for b.Loop() {
				if err := NewTable(network).Check(&c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkApply is a block full of claims, right ones and wrong ones.
func BenchmarkApply(b *testing.B) {
	var right []Claim
	for i := range MaxChecks {
		right = append(right, claims(alice, fmt.Sprint("n", i), 0, alice))
	}
	wrong := claims(alice, "shop", 0, alice)
	wrong.Seq = 1
	for _, c := range []struct {
		name string
		list []Claim
	}{{"right", right}, {"wrong", slices.Repeat([]Claim{wrong}, 9*MaxChecks)}, {"none", nil}} {
		block := genesis().child(c.list...)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				NewTable(network).Apply(block.Block, block.height)
			}
		})
	}
}
