-- difficulty budget: writing a u256
function target(chain)
  while true do local b = '' .. pow_limit end
  return chain:target(0)
end
