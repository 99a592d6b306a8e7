-- difficulty budget: failure 95
function target(chain)
  for i = 1, 1e6 do local t = {[60000] = 1} end
  return chain:target(0)
end
