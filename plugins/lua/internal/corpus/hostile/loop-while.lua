-- difficulty budget: failure 92, a loop without end
function target(chain)
  while true do end
  return chain:target(0)
end
