-- difficulty ok: Lua allows it
function target(chain)
  local t = {1, 2, 3, a = 1, b = 2}
  local n = 0
  for k in pairs(t) do n = n + 1 t[k] = nil end
  assert(n == 5 and next(t) == nil)
  return chain:target(0)
end
