-- difficulty error: failure 99
local function keep() local t = {} return function(v) t[1] = v end end
local put = keep()
function target(chain)
  put(1)
  return chain:target(0)
end
