-- difficulty budget: failure 93, many short texts
function target(chain)
  local t = {}
  for i = 1, 1e9 do t[i] = 'abcdefgh' .. i end
  return chain:target(0)
end
