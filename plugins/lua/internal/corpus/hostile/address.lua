-- difficulty error: no address in a message
function target(chain)
  local x = nil
  local y = x[chain]
  return chain:target(0)
end
