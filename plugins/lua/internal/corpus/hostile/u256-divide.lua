-- difficulty error: by zero
function target(chain)
  local x = u256(1) / 0
  return chain:target(0)
end
