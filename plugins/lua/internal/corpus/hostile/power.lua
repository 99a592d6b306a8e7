-- difficulty error: failure 100, differs between machines
function target(chain)
  local x = 2 ^ 0.5
  return chain:target(0)
end
