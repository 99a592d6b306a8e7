-- difficulty budget: failure 92
function target(chain)
  for i = 1, 1e15 do end
  return chain:target(0)
end
