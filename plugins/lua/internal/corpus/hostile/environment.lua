-- difficulty error: failure 98
function target(chain)
  setfenv(1, {})
  return chain:target(0)
end
