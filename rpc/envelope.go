package rpc

// maxMembers bounds the members of a request object; four have a meaning.
const maxMembers = 64

// maxParams bounds the positional parameters that are kept; no method has so
// many, and one more is enough to be told that they are too many.
const maxParams = 32

// maxID bounds the id in bytes, because it is sent back.
const maxID = 4096

// parseRequest reads the request object that begins at b[0]. false means that
// b is not JSON; a fault of the request itself is left in c.fault, with the id
// and version as far as they were legible.
func (c *Call) parseRequest(b Value) bool {
	if b.Kind() != KindObject {
		end, ok := scanValue(b, 0, 0)
		c.fault = Errorf(CodeInvalidRequest, "Invalid Request object")
		return ok && end == len(b)
	}
	var seen [maxMembers]Value
	n := 0
	var version Value
	i := skipSpace(b, 1)
	for i < len(b) && b[i] != '}' {
		if n > 0 {
			if b[i] != ',' {
				return false
			}
			i = skipSpace(b, i+1)
		}
		if i >= len(b) || b[i] != '"' {
			return false
		}
		keyEnd, ok := scanString(b, i)
		if !ok {
			return false
		}
		key := b[i:keyEnd]
		if i = skipSpace(b, keyEnd); i >= len(b) || b[i] != ':' {
			return false
		}
		i = skipSpace(b, i+1)
		name := memberName(key)
		end, ok := c.scanMember(b, i, name)
		if !ok {
			return false
		}
		value := b[i:end:end]
		i = skipSpace(b, end)
		if n < maxMembers {
			c.checkKey(seen[:n], key)
			seen[n] = key
		} else {
			c.fail("Too many members in the request")
		}
		n++
		switch name {
		case "jsonrpc":
			version = value
		case "id":
			c.id = value
		case "method":
			c.method = value
		case "params":
			c.params = value
		}
	}
	if i != len(b)-1 {
		return false
	}
	c.checkRequest(version)
	return true
}

// memberName returns the key without quotes; a key with escapes is rare.
func memberName(key Value) string {
	switch string(key) {
	case `"jsonrpc"`:
		return "jsonrpc"
	case `"id"`:
		return "id"
	case `"method"`:
		return "method"
	case `"params"`:
		return "params"
	}
	return unquote(key)
}

// scanMember scans a member's value, and keeps the items of params on the way.
func (c *Call) scanMember(b Value, i int, name string) (int, bool) {
	if name != "params" || i >= len(b) || b[i] != '[' {
		return scanValue(b, i, 1)
	}
	c.items = c.items[:0]
	return scanItems(b, i, 1, func(item Value) {
		if len(c.items) <= maxParams {
			c.items = append(c.items, item)
		}
	})
}

func (c *Call) checkKey(seen []Value, key Value) {
	for _, other := range seen {
		if string(other) == string(key) || memberName(other) == memberName(key) {
			c.fail("Duplicate key " + shorten(unquote(key)))
		}
	}
}

func (c *Call) fail(message string) {
	if c.fault == nil {
		c.fault = &Error{Code: CodeInvalidRequest, Message: message}
	}
}

// checkRequest applies the rules of JSON-RPC in Core's order and words
// (JSONRPCRequest::parse).
func (c *Call) checkRequest(version Value) {
	if len(c.id) > maxID {
		c.id = nil
		c.fail("The id is too long")
	}
	if version.Kind() != KindNull {
		switch {
		case version.Kind() != KindString:
			c.fail("jsonrpc field must be a string")
		case unquote(version) == "2.0":
			c.version2 = true
		case unquote(version) != "1.0":
			c.fail("JSON-RPC version not supported")
		}
	}
	switch c.method.Kind() {
	case KindString:
	case KindNull:
		c.fail("Missing method")
	default:
		c.fail("Method must be a string")
	}
	switch c.params.Kind() {
	case KindNull, KindArray, KindObject:
	default:
		c.fail("Params must be an array or object")
	}
	c.notification = c.version2 && len(c.id) == 0 && c.fault == nil
}
