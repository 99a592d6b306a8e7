-- difficulty error: failure 92, there is no pcall to hide in
function target(chain)
  while true do pcall(error) end
  return chain:target(0)
end
