-- difficulty budget: length of an array of holes
function target(chain)
  local t = {}
  t[30000] = 1
  t[30000] = nil
  for i = 1, 1e6 do local n = #t end
  return chain:target(0)
end
