-- difficulty error: failure 98, they would not be counted
function target(chain)
  coroutine.wrap(function() while true do end end)()
  return chain:target(0)
end
