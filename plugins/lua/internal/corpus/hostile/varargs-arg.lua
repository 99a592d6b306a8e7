-- difficulty ok: the arg table of Lua 5.0 is not made
local function f(...) return arg end
function target(chain)
  assert(f(1, 2, 3) == nil)
  return chain:target(0)
end
