-- difficulty error: failure 92, calls without end
local function f(n) return 1 + f(n + 1) end
function target(chain)
  f(1)
  return chain:target(0)
end
