-- difficulty error: a place that is not there
function target(chain)
  table.insert({1}, 5, 1)
  return chain:target(0)
end
