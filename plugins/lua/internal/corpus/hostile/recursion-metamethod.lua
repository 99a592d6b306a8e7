-- difficulty error: failure 92, through an operator
local function f(n) return f(u256(1) + n) + u256(1) end
function target(chain)
  f(1)
  return chain:target(0)
end
