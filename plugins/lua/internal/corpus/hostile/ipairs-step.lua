-- difficulty ok: 2^32 is no 0, whatever the size of an integer is
local step, t = ipairs({7})
function target(chain)
  assert(step(t, 0) == 1 and step(t, 1) == nil)
  assert(step(t, 4294967296) == nil and step(t, 4294967295) == nil and step(t, -4294967296) == nil)
  assert(step(t, 9007199254740991) == nil and step(t, -1) == nil and step(t, 65535) == nil)
  return chain:target(0)
end
