-- difficulty error: a common mistake
function target(chain)
  local x = #nil
  return chain:target(0)
end
