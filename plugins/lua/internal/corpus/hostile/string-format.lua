-- difficulty error: failure 93
function target(chain)
  string.format('%999999999d', 1)
  return chain:target(0)
end
