-- difficulty budget: failure 97
local function grow(t, n, ...)
  for i = 1, n do t[#t + 1] = {n .. ':' .. i, ...} end
  if n > 40 then return #t end
  return grow(t, n + 1, n, ...) + #t
end
function target(chain)
  while true do grow({}, 1) end
  return chain:target(0)
end
