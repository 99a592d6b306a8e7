-- difficulty budget: failure 92, tail calls without end
local function f(n) return f(n + 1) end
function target(chain)
  f(1)
  return chain:target(0)
end
