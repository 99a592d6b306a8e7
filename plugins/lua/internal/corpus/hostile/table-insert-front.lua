-- difficulty budget: moving everything each time
function target(chain)
  local t = {}
  for i = 1, 1e6 do table.insert(t, 1, i) end
  return chain:target(0)
end
