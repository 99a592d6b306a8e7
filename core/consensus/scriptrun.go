package consensus

import (
	"github.com/btcsuite/btcd/txscript/v2"
)

// run gives Core's verdict on an input and Core's reason. txscript decides;
// what it sees differently from Core is put right before (shortcut), while
// (policyWatch) and after running (explain).
func (t *TxScripts) run(input int, flags Flags) scriptFault {
	if fault, sure := t.shortcut(input, flags); sure {
		return fault
	}
	end := t.execute(input, flags)
	if end.fault != "" || end.err == nil {
		return end.fault
	}
	return t.explain(input, flags, end)
}

// shortcut decides two kinds of native witness programs that txscript runs
// although Core is done with them.
func (t *TxScripts) shortcut(input int, flags Flags) (fault scriptFault, sure bool) {
	if flags&txscript.ScriptVerifyWitness == 0 || len(t.check.Tx.Msg.TxIn[input].SignatureScript) != 0 {
		return "", false
	}
	version, program, ok := witnessProgram(t.check.Spent[input].Script)
	if !ok {
		return "", false
	}
	// The output script itself must leave a true value: its last push, the
	// program, is one unless it is zero.
	if !isTrue(program) {
		return faultEvalFalse, true
	}
	// Without the rule a taproot output is anybody's; txscript would go on
	// to ask for a clean stack.
	if version == 1 && len(program) == 32 && flags&txscript.ScriptVerifyTaproot == 0 {
		return "", true
	}
	return "", false
}

// isTrue reads a stack element as a truth value: zero and negative zero are
// false (Core: CastToBool).
func isTrue(b []byte) bool {
	for i, c := range b {
		if c != 0 {
			return i != len(b)-1 || c != 0x80
		}
	}
	return false
}

// runEnd is how a run ended: with no error, with one of txscript's, or with a
// fault that txscript does not know.
type runEnd struct {
	steps int // operations that were run without error
	final bool
	err   error
	fault scriptFault
}

func (t *TxScripts) engine(input int, flags Flags) (*txscript.Engine, error) {
	c := t.check.Spent[input]
	// The engine itself asks for the output of its own input only.
	own := txscript.NewCannedPrevOutputFetcher(c.Script, c.Value)
	return txscript.NewEngine(c.Script, t.check.Tx.Msg, input, flags, t.cache, t.hashes, c.Value, own)
}

// execute runs the scripts of an input step by step.
func (t *TxScripts) execute(input int, flags Flags) runEnd {
	vm, err := t.engine(input, flags)
	if err != nil {
		return runEnd{err: err}
	}
	var watch *policyWatch
	if flags&^BlockFlags != 0 {
		watch = newPolicyWatch(t.stages(input, flags), flags)
	}
	erase := newEraser(t, input, flags)
	for n := 0; ; n++ {
		if erase != nil {
			if fault := erase.before(vm); fault != "" {
				return runEnd{steps: n, fault: fault}
			}
		}
		if watch != nil {
			watch.before(vm)
		}
		done, err := vm.Step()
		if err != nil {
			return runEnd{steps: n, err: err}
		}
		if watch != nil {
			if fault := watch.after(vm); fault != "" {
				return runEnd{steps: n, fault: fault}
			}
		}
		if done {
			return runEnd{steps: n + 1, final: true, err: vm.CheckErrorCondition(true)}
		}
	}
}

// stackAt runs the first steps of an input again and returns the stack, its
// top last; nil when that many steps cannot be run.
func (t *TxScripts) stackAt(input int, flags Flags, steps int) [][]byte {
	vm, err := t.engine(input, flags)
	for erase := newEraser(t, input, flags); err == nil && steps > 0; steps-- {
		if erase != nil {
			erase.before(vm) // it found no fault when the steps were run first
		}
		_, err = vm.Step()
	}
	if err != nil {
		return nil
	}
	return vm.GetStack()
}

// sigVersion says which signature rules a script runs under (Core:
// SigVersion).
type sigVersion int

const (
	sigBase sigVersion = iota
	sigWitness0
	sigTapscript
)

// stage is one of the scripts that an input runs in a row.
type stage struct {
	script  []byte
	version sigVersion
	witness bool // ends with the hand-over to a witness program
}

// stages lists the scripts that running an input goes through: input script,
// output script, what P2SH and a witness program reveal. Empty ones, which
// take no step, may be among them.
func (t *TxScripts) stages(input int, flags Flags) []stage {
	in, script := t.check.Tx.Msg.TxIn[input], t.check.Spent[input].Script
	list := []stage{{script: in.SignatureScript}, {script: script}}
	p2sh := flags&txscript.ScriptBip16 != 0 && isP2SH(script)
	if p2sh {
		script, _ = lastPush(in.SignatureScript)
		list = append(list, stage{script: script})
	}
	version, program, ok := witnessProgram(script)
	if !ok || flags&txscript.ScriptVerifyWitness == 0 {
		return list
	}
	list[len(list)-1].witness = true
	wit := in.Witness
	switch {
	case version == 0 && len(program) == 20:
		implied := append([]byte{txscript.OP_DUP, txscript.OP_HASH160, 20}, program...)
		implied = append(implied, txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)
		list = append(list, stage{script: implied, version: sigWitness0})
	case version == 0 && len(program) == 32 && len(wit) > 0:
		list = append(list, stage{script: wit[len(wit)-1], version: sigWitness0})
	case version == 1 && len(program) == 32 && !p2sh:
		if wit = withoutAnnex(wit); len(wit) >= 2 {
			list = append(list, stage{script: wit[len(wit)-2], version: sigTapscript})
		}
	}
	return list
}

// withoutAnnex drops the annex of a taproot witness (BIP341).
func withoutAnnex(wit [][]byte) [][]byte {
	if n := len(wit); n >= 2 && len(wit[n-1]) > 0 && wit[n-1][0] == txscript.TaprootAnnexTag {
		return wit[:n-1]
	}
	return wit
}

// cursor walks over the operations of stages in the order in which an engine
// steps.
type cursor struct {
	stages []stage
	at     int    // index into stages
	rest   []byte // of that stage's script
}

func newCursor(stages []stage) *cursor { return &cursor{stages: stages, rest: stages[0].script} }

// next returns the next operation and its stage; false after the last.
func (c *cursor) next() (op byte, s *stage, ok bool) {
	for len(c.rest) == 0 {
		if c.at++; c.at >= len(c.stages) {
			return 0, nil, false
		}
		c.rest = c.stages[c.at].script
	}
	op, _, c.rest, ok = nextOp(c.rest)
	return op, &c.stages[c.at], ok
}
