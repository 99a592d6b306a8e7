-- difficulty error: pretends to be elsewhere
function target(chain)
  error('error-lie.lua:99: no', 0)
  return chain:target(0)
end
