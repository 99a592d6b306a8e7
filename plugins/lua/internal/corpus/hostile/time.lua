-- difficulty error: failure 100
function target(chain)
  local x = os.time()
  return chain:target(0)
end
