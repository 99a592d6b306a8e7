package rpc

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// reply writes whole answers into one buffer.
type reply struct {
	bytes.Buffer
	enc *json.Encoder
}

func newReply() *reply {
	r := new(reply)
	r.enc = json.NewEncoder(&r.Buffer)
	r.enc.SetEscapeHTML(false)
	return r
}

// answer writes c's failure, or its result if it has none. Version 1 has
// result, error and id, always; version 2 has jsonrpc, then result or error,
// then id. A result that cannot be written leaves nothing behind.
func (r *reply) answer(c *Call) error {
	start := r.Len()
	r.WriteByte('{')
	if c.version2 {
		r.WriteString(`"jsonrpc":"2.0",`)
	}
	if c.failure == nil {
		r.WriteString(`"result":`)
		if err := r.value(c.result); err != nil {
			r.Truncate(start)
			return err
		}
		if !c.version2 {
			r.WriteString(`,"error":null`)
		}
	} else {
		if !c.version2 {
			r.WriteString(`"result":null,`)
		}
		r.WriteString(`"error":`)
		wire, _ := c.failure.ToJSONRPCError()
		_ = r.value(wire) // a code and a text never fail
	}
	r.WriteString(`,"id":`)
	if len(c.id) == 0 {
		r.WriteString("null")
	} else {
		r.Write(c.id)
	}
	r.WriteByte('}')
	return nil
}

// writer is a result that writes itself.
type writer interface{ writeJSON(*reply) error }

// value writes a result; the common small ones without reflection.
func (r *reply) value(v any) error {
	b := r.AvailableBuffer()
	switch v := v.(type) {
	case nil:
		r.WriteString("null")
	case bool:
		r.Write(strconv.AppendBool(b, v))
	case int:
		r.Write(strconv.AppendInt(b, int64(v), 10))
	case int32:
		r.Write(strconv.AppendInt(b, int64(v), 10))
	case int64:
		r.Write(strconv.AppendInt(b, v, 10))
	case string:
		r.Write(quote(b, v))
	case writer:
		return v.writeJSON(r)
	default:
		if err := r.enc.Encode(v); err != nil {
			return err
		}
		r.Truncate(r.Len() - 1) // the encoder's line feed
	}
	return nil
}
