-- difficulty error: not a text
function target(chain)
  error({})
  return chain:target(0)
end
