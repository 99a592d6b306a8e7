-- difficulty error: its own message
function target(chain)
  assert(false, 'no')
  return chain:target(0)
end
