-- difficulty error: failure 98, there is no setmetatable
function target(chain)
  setmetatable({}, {__index = function() end})
  return chain:target(0)
end
