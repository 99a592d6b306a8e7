package protocol

import (
	"strconv"
	"strings"
)

// maxID bounds the id of a request in bytes.
const maxID = 64

// Frame is one JSON-RPC 2.0 message, whose members are not yet read. ID is
// empty for a notice. A request and a notice have a Method; of an answer either
// Result or Refusal is set.
type Frame struct {
	ID      []byte // a number or a string, as it was sent
	Method  string
	Params  []byte
	Result  []byte
	Refusal []byte // the error member
}

// ParseFrame splits a message. What it returns points into text. Its error is a
// *DecodeError: arrays of messages, equal names, ids that are neither number nor
// string, deep nesting and everything that is no JSON-RPC 2.0 are refused.
func ParseFrame(text []byte) (Frame, error) {
	var f Frame
	version := false
	r := reader{b: text}
	r.object("message", func(name string) {
		switch name {
		case "jsonrpc":
			version = r.text(maxName, "jsonrpc") == "2.0"
		case "id":
			f.ID = r.frameID()
		case "method":
			f.Method = r.text(maxName, "method")
		case "params":
			f.Params = r.skip()
		case "result":
			f.Result = r.skip()
		case "error":
			f.Refusal = r.skip()
		default:
			r.unknownMember(name)
		}
	})
	if err := r.end(); err != nil {
		return Frame{}, err
	}
	answer := f.Method == ""
	switch {
	case !version:
		r.fail(FaultProtocol, "the message is not JSON-RPC 2.0")
	case answer && (f.ID == nil || (f.Result == nil) == (f.Refusal == nil)):
		r.fail(FaultProtocol, "the message is neither a request nor an answer")
	case !answer && (f.Result != nil || f.Refusal != nil):
		r.fail(FaultProtocol, "the message is a request and an answer")
	}
	if r.err != nil {
		return Frame{}, r.err
	}
	return f, nil
}

// unknownMember passes a member of a later version. One that differs from a known
// one in its letters' case is refused: other readers would take it for that.
func (r *reader) unknownMember(name string) {
	for _, known := range [...]string{"jsonrpc", "id", "method", "params", "result", "error", "meta"} {
		if name != known && strings.EqualFold(name, known) {
			r.fail(FaultProtocol, "message: member %q has the wrong case", name)
		}
	}
	r.skip()
}

// frameID passes an id: a number without fraction, or a string.
func (r *reader) frameID() []byte {
	c := r.next()
	start := r.i
	if c == '"' {
		r.bytesOf(maxID, "id")
	} else {
		r.integer(0, 1<<53, "id")
	}
	return r.b[start:r.i:r.i]
}

// AppendAnswer appends a whole message that answers the request of that id.
func AppendAnswer(b, id []byte, response Response, refusal *Error) []byte {
	b = append(append(append(b, `{"jsonrpc":"2.0","id":`...), id...), ',')
	if refusal != nil {
		return append(AppendError(append(b, `"error":`...), refusal), '}')
	}
	return append(AppendResult(append(b, `"result":`...), response), '}')
}

// AppendRequest appends a whole message: a request with a numeric id.
func AppendRequest(b []byte, id uint64, m Request) []byte {
	b = strconv.AppendUint(append(b, `{"jsonrpc":"2.0","id":`...), id, 10)
	b = append(append(append(b, `,"method":"`...), m.Method()...), `","params":`...)
	return append(AppendParams(b, m), '}')
}

// AppendNotice appends a whole message: a notice.
func AppendNotice(b []byte, m Notice) []byte {
	b = append(append(append(b, `{"jsonrpc":"2.0","method":"`...), m.Method()...), `","params":`...)
	return append(AppendParams(b, m), '}')
}
