-- difficulty error: failure 99
function target(chain)
  math.floor = function() return 1 end
  return chain:target(0)
end
