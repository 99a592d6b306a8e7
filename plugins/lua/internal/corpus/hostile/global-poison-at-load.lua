-- difficulty error: failure 99
function math.floor() return 1 end
function target(chain)

  return chain:target(0)
end
