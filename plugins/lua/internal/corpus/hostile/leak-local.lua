-- difficulty error: failure 99
local calls = 0
function target(chain)
  calls = calls + 1
  return chain:target(0)
end
