-- difficulty ok: numbers that are no places
function target(chain)
  local t = {}
  t[0] = 0 t[-1] = 1 t[0.5] = 2 t[math.huge] = 3 t[1e3] = 4
  local n = 0
  for k in pairs(t) do n = n + 1 end
  assert(n == 5, 'found ' .. n)
  return chain:target(0)
end
