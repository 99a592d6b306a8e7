-- difficulty budget: open captures of many frames
local function f(n, g)
  local a, b, c, d, e, h, i, j = n, n, n, n, n, n, n, n
  local inner = function() return a + b + c + d + e + h + i + j end
  if n > 0 then return 1 + f(n - 1, inner) end
  while true do local x = function() return a + b + c + d + e + h + i + j end end
end
function target(chain)
  f(50)
  return chain:target(0)
end
