-- difficulty budget: failure 92
function target(chain)
  repeat local x = 1 until false
  return chain:target(0)
end
