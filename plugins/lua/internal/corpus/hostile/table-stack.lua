-- difficulty ok: a stack costs what it holds
function target(chain)
  local t = {}
  for i = 1, 2000 do table.insert(t, i) end
  for i = 2000, 1, -1 do assert(table.remove(t) == i) end
  assert(#t == 0)
  return chain:target(0)
end
