-- difficulty budget: failure 92, a table that grows while it is walked
function target(chain)
  local t = {1}
  for k in ipairs(t) do t[k + 1] = 1 end
  return chain:target(0)
end
