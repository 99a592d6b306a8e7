package lua

import (
	"math"
	"reflect"

	glua "github.com/yuin/gopher-lua"
)

// What a table costs in counted memory, in bytes. gopher-lua's own use is
// larger, but no script can see it; these bound it to some tens of MiB.
const (
	tableBytes = 256
	slotBytes  = 16
)

// gopher-lua does not tell how long a table's array part is, holes included,
// or how many deleted keys it keeps, and both decide how long it works.
// reflect may read the length of unexported fields; the version is pinned, and
// TestTableFields fails when they change.
var (
	tableType  = reflect.TypeFor[glua.LTable]()
	arrayField = fieldIndex("array")
	dictField  = fieldIndex("dict")
	textField  = fieldIndex("strdict")
	keysField  = fieldIndex("keys")
)

func fieldIndex(name string) int {
	f, ok := tableType.FieldByName(name)
	if !ok {
		panic("lua: gopher-lua's table has no field " + name)
	}
	return f.Index[0]
}

func arrayLen(t *glua.LTable) int {
	return reflect.ValueOf(t).Elem().Field(arrayField).Len()
}

// hashLen returns how many keys are kept outside the array part, and how many
// of them were deleted.
func hashLen(t *glua.LTable) (keys, deleted int) {
	v := reflect.ValueOf(t).Elem()
	keys = v.Field(keysField).Len()
	return keys, keys - v.Field(dictField).Len() - v.Field(textField).Len()
}

func (m *machine) openTable() {
	m.global(hostLen, m.function(1, length))
	m.global(hostSet, m.function(1, setItem))
	m.global(hostTable, m.function(1, countTable))
	t := m.frozen()
	t.RawSetString("insert", m.function(1, insert))
	t.RawSetString("remove", m.function(1, remove))
	m.global("table", t)
}

// frozen makes a table that scripts can only read. Scripts cannot set a
// metatable, so having one is the mark.
func (m *machine) frozen() *glua.LTable {
	t := m.state.NewTable()
	t.Metatable = m.fixed
	return t
}

// table returns argument i, which must be a table.
func (m *machine) table(i int, who string) *glua.LTable {
	t, ok := m.state.Get(i).(*glua.LTable)
	if !ok {
		m.raise("%s wants a table, got %s", who, typeName(m.state.Get(i)))
	}
	return t
}

// writable returns argument i, which must be a table that may change.
func (m *machine) writable(i int, who string) *glua.LTable {
	t := m.table(i, who)
	if t.Metatable != glua.LNil {
		m.raise("attempt to change a table that is read-only: what lives longer than a call may not change")
	}
	return t
}

// lengthOf is #t. It charges for the empty places that are skipped.
func (m *machine) lengthOf(t *glua.LTable) int {
	n := t.Len()
	m.charge(int64(arrayLen(t) - n))
	return n
}

func length(m *machine) int {
	switch v := m.state.Get(1).(type) {
	case glua.LString:
		return m.push(glua.LNumber(len(v)))
	case *glua.LTable:
		return m.push(glua.LNumber(m.lengthOf(v)))
	}
	m.raise("attempt to get the length of a %s", typeName(m.state.Get(1)))
	return 0
}

// countTable charges for a table that a constructor just made.
func countTable(m *machine) int {
	t := m.table(1, "{}")
	keys, _ := hashLen(t)
	n := int64(arrayLen(t) + keys)
	m.charge(n)
	m.allocate(tableBytes + slotBytes*n)
	return 1
}

// setItem is t[k] = v.
func setItem(m *machine) int {
	if m.state.Get(1).Type() != glua.LTTable {
		m.raise("attempt to set a field of a %s", typeName(m.state.Get(1)))
	}
	m.set(m.writable(1, "="), m.state.Get(2), m.state.Get(3))
	return 0
}

// set charges for every place between the end of the array and a new item.
func (m *machine) set(t *glua.LTable, k, v glua.LValue) {
	switch k := k.(type) {
	case *glua.LNilType:
		m.raise("a table index is nil")
	case glua.LNumber:
		if math.IsNaN(float64(k)) {
			m.raise("a table index is nan")
		}
		if i, ok := wholeNumber(float64(k)); ok && i >= 1 && i < maxIndex {
			if grow := i - int64(arrayLen(t)); grow > 0 {
				if v == glua.LNil {
					return // nothing to delete
				}
				m.charge(grow)
				m.allocate(slotBytes * grow)
			}
			t.RawSetInt(int(i), v)
			return
		}
	}
	if t.RawGet(k) == glua.LNil {
		if v == glua.LNil {
			return
		}
		m.charge(1)
		m.allocate(slotBytes)
	}
	t.RawSet(k, v)
}

// next charges an upper bound of the places that are skipped.
func next(m *machine) int {
	t := m.table(1, "next")
	at := m.state.Get(2)
	array := int64(arrayLen(t))
	from, inArray := int64(0), at == glua.LNil
	if n, ok := at.(glua.LNumber); ok {
		from, inArray = wholeNumber(float64(n))
		inArray = inArray && from >= 0 && from <= array
	}
	if _, deleted := hashLen(t); deleted > 0 {
		m.charge(int64(deleted))
	}
	k, v := t.Next(at)
	if inArray {
		to := array + 1
		if n, ok := k.(glua.LNumber); ok {
			if i, whole := wholeNumber(float64(n)); whole && i > from && i <= array {
				to = i
			}
		}
		m.charge(to - from - 1)
	}
	if k == glua.LNil {
		return m.push(glua.LNil)
	}
	m.state.Push(k)
	m.state.Push(v)
	return 2
}

func (m *machine) ipairs() *glua.LFunction {
	step := m.function(1, func(m *machine) int {
		t := m.table(1, "ipairs")
		i := m.integer(m.state.Get(2), "ipairs: position") + 1
		if i < 1 || i >= maxIndex { // before int, which may have 32 bits
			return m.push(glua.LNil)
		}
		v := t.RawGetInt(int(i))
		if v == glua.LNil {
			return m.push(glua.LNil)
		}
		m.state.Push(glua.LNumber(i))
		m.state.Push(v)
		return 2
	})
	return m.function(1, func(m *machine) int {
		t := m.table(1, "ipairs")
		m.state.Push(step)
		m.state.Push(t)
		m.state.Push(glua.LNumber(0))
		return 3
	})
}

// insert is table.insert(t, [pos,] v).
func insert(m *machine) int {
	t := m.writable(1, "table.insert")
	n := m.lengthOf(t)
	pos := int64(n + 1)
	v := m.state.Get(2)
	switch m.state.GetTop() {
	case 2:
	case 3:
		pos, v = m.integer(v, "table.insert: position"), m.state.Get(3)
	default:
		m.raise("table.insert wants a table, a position if you like, and a value")
	}
	if pos < 1 || pos > int64(n+1) {
		m.raise("table.insert: position %d is not between 1 and %d", pos, n+1)
	}
	if n+1 >= maxIndex {
		m.raise("table.insert: the table is full")
	}
	if pos == int64(n+1) {
		m.set(t, glua.LNumber(pos), v)
		return 0
	}
	m.charge(int64(n) - pos + 2)
	m.allocate(slotBytes)
	for i := n; i >= int(pos); i-- {
		t.RawSetInt(i+1, t.RawGetInt(i))
	}
	t.RawSetInt(int(pos), v)
	return 0
}

// remove is table.remove(t [, pos]).
func remove(m *machine) int {
	t := m.writable(1, "table.remove")
	n := m.lengthOf(t)
	pos := int64(n)
	if v := m.state.Get(2); v != glua.LNil {
		pos = m.integer(v, "table.remove: position")
		if pos < 1 || pos > int64(n)+1 {
			m.raise("table.remove: position %d is not between 1 and %d", pos, n+1)
		}
	}
	if n == 0 || pos > int64(n) {
		return m.push(glua.LNil)
	}
	for arrayLen(t) > n {
		t.Remove(arrayLen(t)) // an empty place; lengthOf charged for it
	}
	m.charge(int64(n) - pos)
	return m.push(t.Remove(int(pos)))
}

// freezeAll marks every table that outlives a call: all that the globals and
// the functions' captured variables lead to.
func (m *machine) freezeAll() {
	todo := []glua.LValue{m.state.Env}
	functions := map[*glua.LFunction]bool{}
	seen := map[*glua.LTable]bool{}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch v := v.(type) {
		case *glua.LTable:
			if seen[v] {
				continue
			}
			seen[v] = true
			if v.Metatable == glua.LNil && v != m.state.Env {
				v.Metatable = m.fixed
			}
			v.ForEach(func(k, e glua.LValue) { todo = append(todo, k, e) })
		case *glua.LFunction:
			if functions[v] {
				continue
			}
			functions[v] = true
			for _, u := range v.Upvalues {
				todo = append(todo, u.Value())
			}
		}
	}
}
