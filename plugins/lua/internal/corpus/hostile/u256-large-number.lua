-- difficulty error: above 2^53
function target(chain)
  local x = u256(1e15 * 10)
  return chain:target(0)
end
