-- difficulty error: its own message
function target(chain)
  assert(nil)
  return chain:target(0)
end
