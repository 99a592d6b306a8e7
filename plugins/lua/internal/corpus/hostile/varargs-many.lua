-- difficulty budget: lists that grow with each tail call
local function f(...) return f(1, 2, 3, 4, 5, 6, 7, 8, ...) end
function target(chain)
  f()
  return chain:target(0)
end
