-- difficulty budget: failure 95, many tables
function target(chain)
  local all = {}
  for i = 1, 1e6 do all[i] = {} end
  return chain:target(0)
end
