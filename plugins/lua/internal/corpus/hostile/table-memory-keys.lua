-- difficulty budget: failure 95, many keys
function target(chain)
  local t = {}
  for i = 1, 1e6 do t[-i] = true end
  return chain:target(0)
end
