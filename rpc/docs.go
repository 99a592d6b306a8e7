package rpc

import (
	"fmt"
	"io"
	"strings"
)

// WriteDocs writes the page about all methods, docs/rpc.md.
func (t *Table) WriteDocs(w io.Writer) error {
	var b strings.Builder
	b.WriteString(docsHead)
	category := ""
	for _, e := range t.sorted {
		if e.Hidden {
			continue
		}
		if e.Category != category {
			category = e.Category
			fmt.Fprintf(&b, "\n**%s**:", title(category))
		}
		fmt.Fprintf(&b, " [%s](#%s)", e.Name, anchor(e.Name))
	}
	b.WriteString("\n")
	category = ""
	for _, e := range t.sorted {
		if e.Hidden {
			continue
		}
		if e.Category != category {
			category = e.Category
			fmt.Fprintf(&b, "\n## %s\n", title(category))
		}
		fmt.Fprintf(&b, "\n### %s\n\nPermission: %s.", e.Name, e.Permission)
		if e.Wallet {
			b.WriteString(" The wallet is chosen by the path, `/wallet/NAME`.")
		}
		fmt.Fprintf(&b, "\n\n```\n%s```\n", e.Help())
	}
	b.WriteString(docsAbsences())
	_, err := io.WriteString(w, b.String())
	return err
}

// anchor is the link to a heading, as Markdown pages make it.
func anchor(name string) string { return strings.ReplaceAll(name, ".", "") }

const docsHead = `# JSON-RPC

This page is written from the method table by ` + "`go test ./rpc -run TestDocs -update`" + `; do not edit it.
A running node tells the same by ` + "`help`, `help METHOD` and `rpc.discover`" + ` (OpenRPC).

The contract is Bitcoin Core's: POST to ` + "`/` or `/wallet/NAME`" + `, Basic authentication with the content of
` + "`.cookie`" + ` in the data folder or with ` + "`rpc.user` and `rpc.password`" + `, JSON-RPC 1.x or 2.0, batches of at most
1,000 requests, parameters by position or by name. Amounts are numbers of coins with eight decimals.
`
