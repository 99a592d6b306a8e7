-- difficulty ok: each array of a call is its own
function target(chain)
  local a, b = chain:times(0, 5), chain:times(1, 3)
  assert(#a == 6 and #b == 3 and a[2] == b[1])
  local n = 0
  for _ in pairs(b) do n = n + 1 end
  assert(n == 3)
  return chain:target(0)
end
