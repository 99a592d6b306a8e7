-- difficulty error: two kinds
function target(chain)
  local x = u256(1) + nil
  return chain:target(0)
end
