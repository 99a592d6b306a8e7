-- difficulty error: an array that cannot grow
function target(chain)
  local t = {}
  t[65535] = 1
  table.insert(t, 1)
  return chain:target(0)
end
