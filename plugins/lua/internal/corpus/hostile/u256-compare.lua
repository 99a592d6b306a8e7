-- difficulty error: two kinds
function target(chain)
  local x = u256(1) < 2
  return chain:target(0)
end
