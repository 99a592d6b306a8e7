-- difficulty ok: failure 95, goes to the hash part
function target(chain)
  local t = {}
  t[67108863] = 1
  assert(#t == 0 and t[67108863] == 1)
  return chain:target(0)
end
