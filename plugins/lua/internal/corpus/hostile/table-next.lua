-- difficulty budget: walking over holes
function target(chain)
  local t = {}
  t[30000] = 1
  for i = 1, 1e6 do next(t) end
  return chain:target(0)
end
