-- difficulty error: failure 92, there is no sort
function target(chain)
  table.sort({3, 2, 1}, function() return true end)
  return chain:target(0)
end
