// Package consensus holds the rules that make a header, a transaction and a
// block valid, as pure functions: what they need to know of the chain, of the
// coins and of the time is given to them. The rules, their order and the words
// for what breaks them are Bitcoin Core's.
package consensus
