-- difficulty error: failure 99
local seen = {}
function target(chain)
  seen[chain.height] = true
  return chain:target(0)
end
