-- admission ok: failure 95, the function may change the table meanwhile
function admit(peer)
  local t = {3, 1, 2}
  table.sort(t, function(a, b) for i = #t, 1, -1 do table.remove(t) end return a < b end)
  assert(t[1] == 1 and t[2] == 2 and t[3] == 3)
  return true
end
