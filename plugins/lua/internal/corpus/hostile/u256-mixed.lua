-- difficulty error: two kinds
function target(chain)
  local x = u256(1) + i256(1)
  return chain:target(0)
end
