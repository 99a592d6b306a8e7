-- difficulty error: a common mistake
function target(chain)
  local x = 'a' .. nil
  return chain:target(0)
end
