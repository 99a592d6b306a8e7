-- difficulty error: two kinds
function target(chain)
  local x = i256(1) + u256(1)
  return chain:target(0)
end
