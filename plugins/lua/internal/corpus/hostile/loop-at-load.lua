-- difficulty budget: failure 92, before any call
while true do end
function target(chain)

  return chain:target(0)
end
