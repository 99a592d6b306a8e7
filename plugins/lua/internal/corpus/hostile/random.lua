-- difficulty error: failure 100
function target(chain)
  local x = math.random()
  return chain:target(0)
end
