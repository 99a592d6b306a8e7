-- difficulty error: its own message
function target(chain)
  error('no')
  return chain:target(0)
end
