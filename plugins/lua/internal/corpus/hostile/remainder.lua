-- difficulty error: a remainder that takes thousands of steps
function target(chain)
  local x = math.huge % 1e-300
  return chain:target(0)
end
