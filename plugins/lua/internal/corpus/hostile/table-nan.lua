-- difficulty error: an index that is not one
function target(chain)
  local t = {}
  t[0/0] = 1
  return chain:target(0)
end
