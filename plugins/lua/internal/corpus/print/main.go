// Command print writes the corpus' results. plugins/lua's tests build it for
// other processors and compare.
package main

import (
	"fmt"
	"os"

	"orrery/plugins/lua/internal/corpus"
)

func main() {
	if err := corpus.Run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
