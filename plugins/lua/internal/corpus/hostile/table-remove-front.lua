-- difficulty budget: moving everything each time
function target(chain)
  local t = {}
  for i = 1, 5000 do t[i] = i end
  while true do table.insert(t, 1) table.remove(t, 1) end
  return chain:target(0)
end
