-- difficulty error: a common mistake
function target(chain)
  nothing()
  return chain:target(0)
end
