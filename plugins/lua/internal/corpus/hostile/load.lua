-- difficulty error: failure 98
function target(chain)
  loadstring('x = 1')()
  return chain:target(0)
end
