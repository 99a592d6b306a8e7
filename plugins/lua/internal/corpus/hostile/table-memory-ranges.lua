-- difficulty budget: failure 95, arrays of the host count as well
function target(chain)
  while true do chain:times(0, 100) end
  return chain:target(0)
end
