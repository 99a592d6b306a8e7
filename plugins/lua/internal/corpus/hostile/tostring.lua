-- difficulty error: failure 100, differs between machines
function target(chain)
  local x = tostring({})
  return chain:target(0)
end
