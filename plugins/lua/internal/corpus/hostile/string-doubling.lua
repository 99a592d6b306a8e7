-- difficulty budget: failure 93
function target(chain)
  local s = 'x'
  while true do s = s .. s end
  return chain:target(0)
end
