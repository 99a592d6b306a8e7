-- difficulty ok: pairs goes in the order of insertion
function target(chain)
  local t = {z = 1, a = 2}
  t.m = 3
  t.b = 4
  local s = ''
  for k, v in pairs(t) do s = s .. k .. v end
  assert(s == 'z1a2m3b4', s)
  return chain:target(0)
end
