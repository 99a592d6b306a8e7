-- difficulty budget: the slowest operation
function target(chain)
  local a = pow_limit
  while true do local b = u256.muldiv(a, a, a) end
  return chain:target(0)
end
