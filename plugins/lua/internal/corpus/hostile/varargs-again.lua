-- difficulty budget: copying a long list again and again
local function f(n, ...)
  if n > 0 then return f(n - 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ...) end
  while true do local t = select('#', ...) end
end
function target(chain)
  f(200)
  return chain:target(0)
end
