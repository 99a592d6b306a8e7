-- difficulty error: failure 99
function target(chain)
  params.window = 5
  return chain:target(0)
end
