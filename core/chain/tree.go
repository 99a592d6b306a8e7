package chain

// What netsync asks of the tree.

// BestHeader is the header with the most work against which nothing is known.
func (c *Chain) BestHeader() *Node { return c.headers[0] }

// HasBody reports whether the body of n is stored.
func (c *Chain) HasBody(n *Node) bool { return n.s.status&HaveBody != 0 }

// Linked reports whether the bodies of n and all its ancestors are stored.
func (c *Chain) Linked(n *Node) bool { return n.s.linked }

// Failed reports whether n or an ancestor is known to be invalid.
func (c *Chain) Failed(n *Node) bool { return n.s.failed }

// Revoked reports whether nothing but a person's word is known against n and
// its ancestors.
func (c *Chain) Revoked(n *Node) bool {
	revoked := false
	for ; n != nil && n.s.failed; n = n.Parent {
		if n.s.status&Failed != 0 {
			return false
		}
		revoked = revoked || n.s.status&Revoked != 0
	}
	return revoked
}
