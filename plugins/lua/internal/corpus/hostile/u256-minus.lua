-- difficulty error: has no sign
function target(chain)
  local x = -u256(1)
  return chain:target(0)
end
