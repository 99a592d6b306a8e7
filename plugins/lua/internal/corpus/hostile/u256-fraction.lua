-- difficulty error: not a whole number
function target(chain)
  local x = u256(1) * 0.5
  return chain:target(0)
end
