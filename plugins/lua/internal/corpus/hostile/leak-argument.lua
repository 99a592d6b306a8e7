-- difficulty error: failure 99
function target(chain)
  chain.height = 5
  return chain:target(0)
end
