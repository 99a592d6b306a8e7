-- difficulty error: a common mistake
function target(chain)
  local x = nothing.field
  return chain:target(0)
end
