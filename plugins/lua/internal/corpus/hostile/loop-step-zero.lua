-- difficulty budget: failure 92, a step of nothing
function target(chain)
  for i = 1, 1, 0 do end
  return chain:target(0)
end
