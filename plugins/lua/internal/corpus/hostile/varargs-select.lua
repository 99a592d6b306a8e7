-- difficulty error: a place that is not there
function target(chain)
  select(0, 1)
  return chain:target(0)
end
