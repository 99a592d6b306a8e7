-- difficulty error: a place that is not there
function target(chain)
  table.remove({1}, 5)
  return chain:target(0)
end
