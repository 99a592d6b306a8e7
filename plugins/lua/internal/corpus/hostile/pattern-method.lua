-- difficulty error: failure 94
function target(chain)
  local x = ('a'):find('a')
  return chain:target(0)
end
