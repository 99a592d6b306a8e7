-- difficulty error: failure 99
local seen = {}
function target(chain)
  table.insert(seen, chain.height)
  return chain:target(0)
end
