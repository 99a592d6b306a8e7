package chain

import "orrery/core/consensus"

// Verifier runs scripts. It is synchronous; it may use all cores inside. The
// error is a *consensus.RuleError for the lowest failing transaction and
// input, whatever the order in which they ran.
type Verifier interface {
	Verify(checks []consensus.TxCheck) error
}
