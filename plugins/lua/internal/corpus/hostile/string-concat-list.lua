-- difficulty budget: failure 93, one expression
function target(chain)
  local s = 'x'
  for i = 1, 9 do s = s .. s .. s .. s end
  return chain:target(0)
end
