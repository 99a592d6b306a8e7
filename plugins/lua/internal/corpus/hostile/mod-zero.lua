-- difficulty error: by zero
function target(chain)
  local x = 5 % 0
  return chain:target(0)
end
