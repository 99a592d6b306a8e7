-- difficulty budget: walking over deleted keys
function target(chain)
  local t = {}
  for i = 1, 2000 do t['k' .. i] = i end
  for i = 1, 2000 do t['k' .. i] = nil end
  for i = 1, 1e6 do next(t) end
  return chain:target(0)
end
