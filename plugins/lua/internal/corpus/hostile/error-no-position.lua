-- difficulty error: without a line
function target(chain)
  error('no', 0)
  return chain:target(0)
end
