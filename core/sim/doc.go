// Package sim is a network of nodes in one goroutine and in virtual time. The
// nodes are the real ones, core/node with all that belongs to it; what is
// simulated is what lies between and below them: connections, disks, clocks,
// and the search for blocks.
//
// # How it works
//
// A heap holds what is going to happen, by virtual time in nanoseconds, and by
// the order of its making where times are equal. Net.Run takes the first and
// does it: a message arrives, a timer rings, a miner has found a block, a node
// goes on with work that it had left. Each of these gives a node one event; its
// Step returns effects; the net carries them out, which puts new things into
// the heap. Nothing else ever runs, so the order is the same every time.
//
// Chance comes from one generator for each seed, node and purpose (Stream).
// All events and effects go into a hash, in order (Net.Trace): the same seed
// gives the same hash. So a run that failed is repeated by its seed.
//
// # What is real and what is not
//
// Connections are those of a reliable transport: messages arrive in order,
// once, after latency, the time that their size takes (an estimate) and, where
// packets are lost, the waits for further tries. What a cut line (Net.Cut)
// swallows comes after it heals; when that takes longer than Config.Patience,
// both ends lose the connection. A process that crashes resets its connections;
// a machine without power says nothing to anybody, and its disk keeps what was
// flushed and some of what was not.
//
// Mining needs no hashes: a node finds blocks at exponentially distributed
// times, at the rate that its hash rate and the difficulty of its next block
// give. Proof of work is checked as a target within the limit, without the
// hash (CheckWork); all else about a block is checked as always.
//
// # How to use it
//
//	net := sim.New(sim.Config{Seed: 1, Params: params, Rules: rules})
//	a := net.Add(sim.Spec{Name: "a", Hashrate: 1})
//	b := net.Add(sim.Spec{Name: "b", Join: a.Address()})
//	net.Run(10 * time.Minute)
//	err := net.Check()
//
// Play does the same from a text in a small language; the scenarios in testdata
// are such texts, with what happened beside them. Storm makes a small network
// from a seed, lets faults rain on it, ends them, and wants one tip on all nodes
// and everything of Check; run with one seed after the other, it looks for what
// nobody thought of. Narrate writes either for people.
//
// How far all this is to be trusted is checked against what is known of n equal
// miners on a clique: their stale rate. A minimal flooding node in place of the
// real one checks the engine, whole blocks pushed between real chains check
// these, and real nodes are held to bounds, since they fetch a block that ties
// with their tip only when it is built on.
package sim
