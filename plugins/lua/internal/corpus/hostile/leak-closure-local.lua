-- difficulty error: failure 99
local function counter() local n = 0 return function() n = n + 1 return n end end
function target(chain)

  return chain:target(0)
end
